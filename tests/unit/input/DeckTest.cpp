#include "weir/input/Deck.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "input/Sample.hpp"

namespace weir::sample {
namespace {

std::string parse_problems(const std::string& text, const std::vector<std::string>& settings = {}) {
  try {
    Deck::parse(text, "deck.yaml", "/data", settings).check_text();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::string load_problems(const std::string& file) {
  try {
    Deck::load(file, {}, Communicator());
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Deck, TextThatIsNoDeck) {
  EXPECT_EQ(parse_problems(""),
            "deck.yaml: is empty; allowed: a deck, a map with `weir: 1`, `run` and a method");
  EXPECT_EQ(parse_problems("# nothing\n"),
            "deck.yaml: is empty; allowed: a deck, a map with `weir: 1`, `run` and a method");
  EXPECT_EQ(parse_problems("- 1\n- 2\n"),
            "deck.yaml:1: found a list; allowed: a deck, a map of keys and values");
  EXPECT_EQ(parse_problems("\nhello\n"),
            "deck.yaml:2: found \"hello\"; allowed: a deck, a map of keys and values");
  EXPECT_EQ(parse_problems("weir: 1\n---\nweir: 1\n"), "deck.yaml:3: a second document; allowed: one");
}

TEST(Deck, SyntaxErrorsHaveTheirLine) {
  EXPECT_EQ(parse_problems("weir: 1\nrun: {seed: 1\n"),
            "deck.yaml:3: YAML syntax: end of map flow not found");
  EXPECT_EQ(parse_problems("weir: 1\nrun: a: b\n"), "deck.yaml:2: YAML syntax: illegal map value");
  EXPECT_NE(parse_problems("weir: 1\nrun:\n\tseed: 1\n").find("deck.yaml:3: YAML syntax: "),
            std::string::npos);
  EXPECT_NE(parse_problems("weir: 1\nrun:\n\tseed: 1\n").find("(a tab: indent with blanks)"),
            std::string::npos);
}

TEST(Deck, DuplicateKeysNameBothLines) {
  EXPECT_EQ(parse_problems("weir: 1\nrun:\n  seed: 1\n  name: a\n  seed: 2\nrun: {}\n"),
            "deck.yaml:5: the key \"seed\" stands twice; it is first given at deck.yaml:3\n"
            "deck.yaml:6: the key \"run\" stands twice; it is first given at deck.yaml:2");
}

TEST(Deck, KeysAreWords) {
  EXPECT_EQ(parse_problems("weir: 1\n? [a, b]\n: 1\n"),
            "deck.yaml:2: found a list as a key; allowed: a word");
}

TEST(Deck, AnchorsAliasesAndMerges) {
  const Options options =
      read(deck("  initial: {particles: 5, normal: &law {mean: 3, covariance: 2}}\n  normal: {<<: *law, "
                "mean: 4}\n  hidden: &h [8, 9]\n"
                "  columns: *h\n"));
  EXPECT_EQ(options.columns, (std::array<Index, 2>{8, 9}));
  const auto& normal = std::get<Normal>(options.reference);
  EXPECT_EQ(normal.mean.values, std::vector<Real>{4});
  EXPECT_EQ(normal.covariance.rows[0][0], 2);
  EXPECT_EQ(parse_problems("weir: 1\na: &x [*x]\n"), "deck.yaml:2: an alias stands inside what it names");
}

TEST(Deck, QuotedScalarsAreText) {
  Options options;
  RunOptions run;
  Deck::parse("weir: 1\nrun: {name: \"007\"}\ntry: {initial: {particles: 1, normal: {}}}", "d.yaml", "", {})
      .read(run, methods(options));
  EXPECT_EQ(run.name, "007");
}

TEST(Deck, SettingsOverrideAndAdd) {
  const std::string text =
      "  initial: {particles: 5, normal: {}}\n  potential: [flat, {quadratic: {stiffness: 1}}]\n  step: "
      "0.5\n";
  const Options options =
      read(deck(text, {"try.step=0.25", "try.metrics.every=3", "try.potential.1.quadratic.stiffness=4",
                       "try.potential.2=wavy_plateau", "try.initial={particles: 7, uniform: {high: 2}}",
                       "try.hidden=[1, 2, 3]"}));
  EXPECT_EQ(options.step, 0.25);
  EXPECT_EQ(options.metrics.every, 3);
  ASSERT_EQ(options.potential.size(), 3u);
  EXPECT_EQ(std::get<Quadratic>(options.potential[1].functional).stiffness, 4);
  EXPECT_EQ(std::get<Named>(options.potential[2].functional).name, "wavy_plateau");
  EXPECT_EQ(options.initial.particles, 7);
  EXPECT_EQ(std::get<Uniform>(options.initial.law).high, 2);
  EXPECT_EQ(options.hidden.size(), 3u);
}

TEST(Deck, SettingsThatCannotBe) {
  const std::string text = "weir: 1\na: {b: 1, c: [1]}\n";
  EXPECT_EQ(parse_problems(text, {"a.c.5=2"}),
            "--set a.c.5=2: \"5\" is no entry of the list a.c; allowed: 0 to 1");
  EXPECT_EQ(parse_problems(text, {"a.c.x=2"}),
            "--set a.c.x=2: \"x\" is no entry of the list a.c; allowed: 0 to 1");
  EXPECT_EQ(parse_problems(text, {"a", "a..b=1", "=1"}),
            "--set a: allowed: --set key.path=value\n--set a..b=1: allowed: --set key.path=value\n"
            "--set =1: allowed: --set key.path=value");
  EXPECT_EQ(parse_problems(text, {"a={b: 1, b: 2}"}),
            "--set a={b: 1, b: 2}: the key \"b\" stands twice; it is first given at --set a={b: 1, b: 2}");
  EXPECT_EQ(parse_problems(text, {"a=[1"}), "--set a=[1: YAML syntax: end of sequence flow not found");
}

TEST(Deck, ProblemsOfSettingsNameThem) {
  EXPECT_EQ(problems(deck("  initial: {particles: 5, normal: {}}", {"try.metrics.evry=2"})),
            "--set try.metrics.evry=2: try.metrics.evry: unknown key; did you mean \"every\"?");
}

TEST(Deck, TopLevel) {
  const auto problems_of = [](const std::string& text) { return problems(Deck::parse(text, "d.yaml", "")); };
  const std::string sound = "try: {initial: {particles: 1, normal: {}}}\n";
  EXPECT_EQ(problems_of("weir: 1\n" + sound), "");
  EXPECT_EQ(problems_of(sound),
            "d.yaml:1: weir: missing, and required: format of the deck, always `weir: 1`");
  EXPECT_EQ(problems_of("weir: 2\n" + sound), "d.yaml:1: weir: found 2; allowed: 1");
  EXPECT_EQ(problems_of("weir: 1\n"), "d.yaml: missing the method; allowed: exactly one of try, simulate");
  EXPECT_EQ(problems_of("weir: 1\nsimulat: {}\n"),
            "d.yaml:2: simulat: unknown key; did you mean \"simulate\"?");
  EXPECT_EQ(problems_of("weir: 1\nsimulate: {}\n" + sound),
            "d.yaml:2: simulate: found try, simulate at once; allowed: exactly one of try, simulate");
}

TEST(Deck, ReadsTheRun) {
  Options options;
  RunOptions run;
  const std::string method = "\ntry: {initial: {particles: 1, normal: {}}}";
  const auto read_run = [&](const std::string& text) {
    run = {};
    return Deck::parse("weir: 1" + text + method, "some/where/ou.yaml", "").read(run, methods(options));
  };
  EXPECT_EQ(
      read_run("\nrun: {name: first, seed: 7, precision: single, tile: 8, output: /scratch/<name>/run}"),
      "try");
  EXPECT_EQ(run.name, "first");
  EXPECT_EQ(run.seed, 7);
  EXPECT_TRUE(run.single_precision());
  EXPECT_EQ(run.tile, 8);
  EXPECT_EQ(run.output_folder(), "/scratch/first/run");
  read_run("");
  EXPECT_EQ(run.name, "ou");
  EXPECT_EQ(run.output_folder(), "out/ou");
}

TEST(Deck, RunNamesAreSafeFolders) {
  for (const std::string name : {"../x", "a/b", ".hidden", "-x", "a b", "", "x\xc3\xa4"}) {
    const auto deck = Deck::parse("weir: 1\nrun: {name: \"" + name + "\"}\nsimulate: {}", "d.yaml", "");
    const std::string expected = name.empty() ? "" : name;
    EXPECT_EQ(problems(deck),
              "d.yaml:2: run.name: found \"" + expected +
                  "\"; allowed: letters, digits, '_', '-' and '.', the first a letter, digit or '_'");
  }
}

TEST(Deck, ExplainsErrorsFoundLaterByTheClosestKey) {
  const Deck deck = sample::deck("  initial:\n    particles: 5\n    normal: {mean: [1, 2, 3]}\n");
  EXPECT_EQ(deck.explain(InputError("try.initial.normal.mean", "found 3 numbers")),
            "deck.yaml:5: try.initial.normal.mean: found 3 numbers");
  EXPECT_EQ(deck.explain(InputError("try.initial.normal.covariance", "is singular")),
            "deck.yaml:5: try.initial.normal.covariance: is singular");
  EXPECT_EQ(deck.explain(InputError("no key")), "no key");
}

TEST(DeckParallel, EveryRankReadsWhatRankZeroReads) {
  const Communicator comm;
  const auto folder = std::filesystem::temp_directory_path() /
                      ("weir-deck-" + std::to_string(comm.broadcast_value(getpid())));
  if (comm.is_root()) {
    std::filesystem::create_directory(folder);
    std::ofstream(folder / "a.yaml") << "weir: 1\ntry: {file: x.npy, initial: {particles: 3, normal: {}}}\n";
  }
  const Deck deck = Deck::load((folder / "a.yaml").string(), {"try.step=0.125"}, comm);
  const Options options = read(deck);
  EXPECT_EQ(options.initial.particles, 3);
  EXPECT_EQ(options.step, 0.125);
  EXPECT_EQ(options.file.path, (folder / "x.npy").string());
  comm.barrier();
  if (comm.is_root()) std::filesystem::remove_all(folder);
}

TEST(DeckParallel, AFileThatCannotBeReadIsEverybodysError) {
  EXPECT_EQ(load_problems("/no/such.yaml"), "/no/such.yaml: cannot be read: No such file or directory");
  EXPECT_EQ(load_problems("/tmp"), "/tmp: is a folder; allowed: a deck (YAML file)");
}

}  // namespace
}  // namespace weir::sample
