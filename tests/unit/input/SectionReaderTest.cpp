#include <gtest/gtest.h>

#include "input/Sample.hpp"

namespace weir::sample {
namespace {

TEST(SectionReader, StoresEveryTypeOfOption) {
  const Options options = read(deck(R"(
  initial:
    particles: 1e5
    normal: {mean: [1.0, -1.0], covariance: 0.5}
  potential: [wavy_plateau, {quadratic: {stiffness: 2}}]
  entropy: {coefficient: 0.1, by: blob}
  metrics: {report: [mean, covariance], every: 10}
  step: 1.0e-3
  clip: 10
  columns: [0, 5]
  hidden: [128, 64]
  batch: 500
  restart: true
  order: 4
  file: ../x.npy
)"));
  EXPECT_EQ(options.initial.particles, 100000);
  const auto& normal = std::get<Normal>(options.initial.law);
  EXPECT_EQ(normal.mean.resolve(2, ""), (std::vector<Real>{1, -1}));
  EXPECT_EQ(normal.covariance.resolve(2, ""), (std::vector<Real>{0.5, 0, 0, 0.5}));
  ASSERT_EQ(options.potential.size(), 2u);
  EXPECT_EQ(std::get<Named>(options.potential[0].functional).name, "wavy_plateau");
  EXPECT_EQ(std::get<Quadratic>(options.potential[1].functional).stiffness, 2);
  EXPECT_EQ(options.entropy.value().coefficient, 0.1);
  EXPECT_EQ(options.entropy.value().by, "blob");
  EXPECT_EQ(options.metrics.report, (std::vector<std::string>{"mean", "covariance"}));
  EXPECT_EQ(options.metrics.every, 10);
  EXPECT_EQ(options.step, 1e-3);
  EXPECT_EQ(options.clip, 10);
  EXPECT_EQ(options.columns, (std::array<Index, 2>{0, 5}));
  EXPECT_EQ(options.hidden, (std::vector<Index>{128, 64}));
  EXPECT_EQ(options.batch.number, 500);
  EXPECT_TRUE(options.restart);
  EXPECT_EQ(options.order, 4);
  EXPECT_EQ(options.file.path, "/x.npy");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(options.reference));
}

TEST(SectionReader, WhatIsAbsentKeepsItsDefault) {
  const Options options = read_with("");
  EXPECT_TRUE(options.potential.empty());
  EXPECT_FALSE(options.entropy);
  EXPECT_EQ(options.metrics.report, std::vector<std::string>{"mean"});
  EXPECT_EQ(options.step, 0.01);
  EXPECT_FALSE(options.clip);
  EXPECT_TRUE(options.file.empty());
}

TEST(SectionReader, Shorthands) {
  EXPECT_EQ(read_with("  entropy: 0.1").entropy.value().coefficient, 0.1);
  EXPECT_EQ(read_with("  metrics: [mean, free_energy]").metrics.report,
            (std::vector<std::string>{"mean", "free_energy"}));
  EXPECT_EQ(read_with("  metrics: covariance").metrics.report, std::vector<std::string>{"covariance"});
  EXPECT_EQ(read_with("  hidden: 7").hidden, std::vector<Index>{7});
  const Options quadratic = read_with("  potential: {quadratic: 3}");
  EXPECT_EQ(std::get<Quadratic>(quadratic.potential.at(0).functional).stiffness, 3);
}

TEST(SectionReader, AListMayBeOneMapOrOneNameOrNone) {
  EXPECT_EQ(std::get<Named>(read_with("  potential: flat").potential.at(0).functional).name, "flat");
  EXPECT_EQ(read_with("  potential: {quadratic: {}}").potential.size(), 1u);
  EXPECT_TRUE(read_with("  potential: false").potential.empty());
  EXPECT_TRUE(read_with("  potential: []").potential.empty());
}

TEST(SectionReader, AnOptionalSectionMayBeTrueFalseOrNull) {
  EXPECT_FALSE(read_with("  entropy: false").entropy);
  EXPECT_FALSE(read_with("  entropy: null").entropy);
  EXPECT_EQ(read_with("  entropy: true").entropy.value().by, "noise");
  EXPECT_EQ(read_with("  entropy: {}").entropy.value().coefficient, 0);
}

TEST(SectionReader, AWordMayStandForANumber) {
  EXPECT_EQ(read_with("  batch: whole").batch.word, "whole");
  EXPECT_EQ(problems_with("  batch: wole"),
            "deck.yaml:4: try.batch: found \"wole\"; allowed: a number or whole; did you mean \"whole\"?");
  EXPECT_EQ(problems_with("  batch: 0"), "deck.yaml:4: try.batch: found 0; allowed: at least 1, or whole");
  EXPECT_EQ(problems_with("  batch: 1.5"), "deck.yaml:4: try.batch: expected an integer, found 1.5");
  EXPECT_EQ(problems_with("  batch: []"),
            "deck.yaml:4: try.batch: expected a number or a word, found a list");
}

TEST(SectionReader, OptionalValuesTakeNull) {
  EXPECT_FALSE(read_with("  clip: null").clip);
}

TEST(SectionReader, UnknownKeys) {
  EXPECT_EQ(problems_with("  stpe: 1"), "deck.yaml:4: try.stpe: unknown key; did you mean \"step\"?");
  EXPECT_EQ(problems_with("  metrics: {evry: 1}"),
            "deck.yaml:4: try.metrics.evry: unknown key; did you mean \"every\"?");
  EXPECT_EQ(problems_with("  entropy: {zzz: 1}"),
            "deck.yaml:4: try.entropy.zzz: unknown key; known here: coefficient, by");
  EXPECT_EQ(problems_with("  Hidden: [1]"), "deck.yaml:4: try.Hidden: unknown key; did you mean \"hidden\"?");
}

TEST(SectionReader, MissingKeys) {
  EXPECT_EQ(problems(deck("  step: 1")), "deck.yaml:2: try.initial: missing, and required: initial ensemble");
  EXPECT_EQ(problems(deck("  initial: {normal: {}}")),
            "deck.yaml:3: try.initial.particles: missing, and required: number of particles");
}

TEST(SectionReader, WrongTypes) {
  EXPECT_EQ(problems_with("  step: abc"), "deck.yaml:4: try.step: expected a number, found \"abc\"");
  EXPECT_EQ(problems_with("  step: \"0.1\""),
            "deck.yaml:4: try.step: expected a number, found \"0.1\" (text, for its quotes)");
  EXPECT_EQ(problems_with("  step: [1]"), "deck.yaml:4: try.step: expected a number, found a list");
  EXPECT_EQ(problems_with("  step:"), "deck.yaml:4: try.step: expected a number, found nothing");
  EXPECT_EQ(problems_with("  step: 0x10"), "deck.yaml:4: try.step: expected a number, found \"0x10\"");
  EXPECT_EQ(problems_with("  restart: yes"),
            "deck.yaml:4: try.restart: expected true or false, found \"yes\"");
  EXPECT_EQ(problems_with("  order: 2.5"), "deck.yaml:4: try.order: expected an integer, found 2.5");
  EXPECT_EQ(problems_with("  order: 3000000000"),
            "deck.yaml:4: try.order: expected an integer of at most 2147483647, found 3000000000");
  EXPECT_EQ(problems_with("  hidden: {a: 1}"), "deck.yaml:4: try.hidden: expected a list, found a map");
  EXPECT_EQ(problems_with("  columns: [1, 2, 3]"),
            "deck.yaml:4: try.columns: expected a list of two integers, found a list");
  EXPECT_EQ(problems_with("  file: {}"), "deck.yaml:4: try.file: expected text, found a map");
  EXPECT_EQ(problems_with("  entropy: [1, 2]"),
            "deck.yaml:4: try.entropy.coefficient: expected a number, found a list");
  EXPECT_EQ(problems(deck("  initial: 3")), "deck.yaml:3: try.initial: expected a map, found 3");
  EXPECT_EQ(problems(deck("  initial: [3]")), "deck.yaml:3: try.initial: expected a map, found a list");
}

TEST(SectionReader, EveryWrongEntryOfAListIsReported) {
  EXPECT_EQ(problems_with("  hidden:\n    - 1\n    - x\n    - y"),
            "deck.yaml:6: try.hidden.1: expected an integer, found \"x\"\n"
            "deck.yaml:7: try.hidden.2: expected an integer, found \"y\"");
}

TEST(SectionReader, NumbersMustBeFinite) {
  EXPECT_EQ(problems_with("  step: .nan"), "deck.yaml:4: try.step: expected a finite number, found .nan");
  EXPECT_EQ(problems_with("  step: .inf"), "deck.yaml:4: try.step: expected a finite number, found .inf");
  EXPECT_EQ(problems_with("  step: 1e999"), "deck.yaml:4: try.step: expected a finite number, found 1e999");
}

TEST(SectionReader, RangesAndNames) {
  EXPECT_EQ(problems_with("  step: 0"),
            "deck.yaml:4: try.step: found 0; allowed: above 0 and at most 1 (time)");
  EXPECT_EQ(problems_with("  step: 1.5"),
            "deck.yaml:4: try.step: found 1.5; allowed: above 0 and at most 1 (time)");
  EXPECT_EQ(problems_with("  clip: -1"), "deck.yaml:4: try.clip: found -1; allowed: above 0");
  EXPECT_EQ(problems_with("  hidden: [4, 0]"), "deck.yaml:4: try.hidden.1: found 0; allowed: at least 1");
  EXPECT_EQ(problems_with("  hidden: [1, 2, 3, 4]"),
            "deck.yaml:4: try.hidden: found 4 entries; allowed: 1 to 3 entries");
  EXPECT_EQ(problems_with("  columns: [-1, 2]"), "deck.yaml:4: try.columns.0: found -1; allowed: at least 0");
  EXPECT_EQ(problems_with("  entropy: {by: nois}"),
            "deck.yaml:4: try.entropy.by: found \"nois\"; allowed: noise, blob; did you mean \"noise\"?");
  EXPECT_EQ(problems_with("  metrics: [mean, w2]"),
            "deck.yaml:4: try.metrics.report.1: found \"w2\"; allowed: mean, covariance, free_energy");
}

TEST(SectionReader, Alternatives) {
  EXPECT_EQ(
      problems(deck("  initial: {particles: 5}")),
      "deck.yaml:3: try.initial: missing law of the particles; allowed: exactly one of normal, uniform");
  EXPECT_EQ(problems(deck("  initial:\n    particles: 5\n    normal: {}\n    uniform: {}")),
            "deck.yaml:6: try.initial.uniform: found normal, uniform at once; allowed: exactly one of "
            "normal, uniform");
  EXPECT_EQ(problems(deck("  initial: {particles: 5, nromal: {}}")),
            "deck.yaml:3: try.initial.nromal: unknown key; did you mean \"normal\"?");
  EXPECT_EQ(problems_with("  potential: wavy_platau"),
            "deck.yaml:4: try.potential: found \"wavy_platau\"; allowed: wavy_plateau, flat, quadratic; "
            "did you mean \"wavy_plateau\"?");
  EXPECT_EQ(problems_with("  potential: [flat, {quadratic: {stifness: 1}}]"),
            "deck.yaml:4: try.potential.1.quadratic.stifness: unknown key; did you mean \"stiffness\"?");
  EXPECT_EQ(
      problems_with("  normal: {}\n  uniform: {}"),
      "deck.yaml:5: try.uniform: found normal, uniform at once; allowed: exactly one of normal, uniform");
  EXPECT_EQ(problems_with("  uniform: 3"), "deck.yaml:4: try.uniform: expected a map, found 3");
}

TEST(SectionReader, ABareNameMayLackRequiredKeys) {
  EXPECT_EQ(problems(deck("  initial: normal")),
            "deck.yaml:3: try.initial.particles: missing, and required: number of particles");
}

TEST(SectionReader, ProblemsThatDescriptionsReport) {
  EXPECT_EQ(problems_with("  uniform: {low: 3, high: 2}"),
            "deck.yaml:4: try.uniform.high: found no more than low");
}

TEST(SectionReader, VectorsAndMatrices) {
  const auto covariance = [](const std::string& text) {
    return std::get<Normal>(read_with("  normal: {covariance: " + text + "}").reference)
        .covariance.resolve(2, "k");
  };
  EXPECT_EQ(covariance("2"), (std::vector<Real>{2, 0, 0, 2}));
  EXPECT_EQ(covariance("[1, 2]"), (std::vector<Real>{1, 0, 0, 2}));
  EXPECT_EQ(covariance("[[1, 2], [3, 4]]"), (std::vector<Real>{1, 2, 3, 4}));
  EXPECT_EQ(problems_with("  normal: {covariance: [[1, 2], [3]]}"),
            "deck.yaml:4: try.normal.covariance: found a row of 1 numbers in a matrix of 2 rows; allowed: a "
            "square matrix");
  EXPECT_EQ(problems_with("  normal: {mean: []}"),
            "deck.yaml:4: try.normal.mean: found an empty list; allowed: a number or a list of numbers");
  try {
    covariance("[1, 2, 3]");
    FAIL() << "three numbers are no 2 x 2 matrix";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "k: found 3 numbers; allowed: 2 x 2, 2 numbers for the diagonal, or one number");
  }
  try {
    VectorValue({1, 2, 3}).resolve(2, "k");
    FAIL() << "three numbers are no vector of two";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "k: found 3 numbers; allowed: 2 (one a dimension) or one for all");
  }
}

TEST(SectionReader, AllProblemsAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(problems(deck("  step: -1\n  stepp: 2\n  initial: {particles: 0, normal: {}}\n  hidden: [a]",
                          {"try.clip=0"})),
            "deck.yaml:3: try.step: found -1; allowed: above 0 and at most 1 (time)\n"
            "deck.yaml:4: try.stepp: unknown key; did you mean \"step\"?\n"
            "deck.yaml:5: try.initial.particles: found 0; allowed: at least 1\n"
            "deck.yaml:6: try.hidden.0: expected an integer, found \"a\"\n"
            "--set try.clip=0: try.clip: found 0; allowed: above 0");
}

// A customised default of the enclosing struct survives where the deck names the same alternative.
struct Customised {
  std::variant<Quadratic, Named> functional = Quadratic{7};
  Real weight = 0;
};
void describe(Section& section, Customised& customised) {
  section.one_of(customised.functional, "functional");
  section.option("weight", customised.weight, "weight");
}
TEST(SectionReader, DefaultsOfTheEnclosingStructHold) {
  Customised customised;
  RunOptions run;
  const std::vector<DeckMethod> methods{
      {"try", "", [&](Section& section) { describe(section, customised); }}};
  deck("  quadratic: {}").read(run, methods);
  EXPECT_EQ(std::get<Quadratic>(customised.functional).stiffness, 7);
}

TEST(SectionReader, SettingsBelowShortForms) {
  const std::string start = "  initial: {particles: 5, normal: {}}\n";
  const auto options = sample::read(sample::deck(start + "  entropy: 0.5\n  potential: flat\n",
                                                 {"try.entropy.by=blob", "try.metrics.every=3"}));
  ASSERT_TRUE(options.entropy.has_value());
  EXPECT_EQ(options.entropy->coefficient, 0.5);
  EXPECT_EQ(options.entropy->by, "blob");
  const auto zero = sample::read(sample::deck(start + "  entropy: 0.5\n", {"try.entropy.coefficient=0"}));
  EXPECT_EQ(zero.entropy->coefficient, 0);
  const auto from_false =
      sample::read(sample::deck(start + "  entropy: false\n", {"try.entropy.coefficient=2"}));
  EXPECT_EQ(from_false.entropy->coefficient, 2);
  EXPECT_EQ(sample::problems(sample::deck(start + "  step: 0.1\n", {"try.step.size=2"})),
            "deck.yaml:4: try.step: holds 0.1, not a map; set try.step as a whole");
}

}  // namespace
}  // namespace weir::sample
