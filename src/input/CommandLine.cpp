#include "weir/input/CommandLine.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <memory>
#include <sstream>

#include "weir/base/Error.hpp"

namespace weir {

namespace {

/// What CLI11 reads for us to understand.
struct Words {
  bool restart = false;
  std::string time_limit, ranks;
};

void declare_options(CLI::App& app, CommandLine& line, Words& words) {
  app.name("weir");
  app.set_help_flag();  // its own flag leaves by an exception: ours is an option like the others
  app.add_option("DECK", line.deck, "what to run: a YAML file");
  app.add_option("--set", line.settings,
                 "key.path=value: sets a key of the deck, in YAML syntax (may be repeated)")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all()
      ->type_name("KEY.PATH=VALUE");
  app.add_flag("--check", line.check, "reads and checks the deck, runs nothing");
  app.add_flag("--benchmark", line.benchmark,
               "runs the deck and prints what it took as JSON, also in <output>/benchmark.json");
  app.add_flag("--estimate", line.estimate,
               "predicts memory, time and efficiency of a step on numbers of ranks that need not be there");
  app.add_option("--ranks", words.ranks, "numbers of ranks to predict for (default: 1,64,4096,65536)")
      ->type_name("P,P,..");
  app.add_flag("--json", line.json, "prints the prediction as JSON");
  app.add_flag("--restart", words.restart,
               "continues from the run's newest whole checkpoint, or from the beginning where there is none; "
               "--restart=FILE continues from that one");
  app.add_flag("--overwrite", line.overwrite,
               "replaces what an earlier run left in the output folder, which is refused otherwise");
  app.add_flag("--quiet", line.quiet, "prints nothing but errors; log.txt has the lines");
  app.add_flag("--verbose", line.verbose,
               "prints how far steps are every other second, and at the end where the time went");
  app.add_option("--time-limit", words.time_limit,
                 "stops with a checkpoint (exit code 85) after the first step or piece of work that ends "
                 "after this time")
      ->type_name("HH:MM:SS");
  app.add_flag("--reference", line.reference, "prints every key of every method (Markdown)");
  app.add_flag("--schema", line.schema, "prints a JSON Schema of decks, for editors");
  app.add_flag("--version", line.version, "prints the version");
  app.add_flag("--build-info", line.build_info, "prints the libraries and how Weir was built");
  app.add_flag("-h,--help", line.help, "prints this");
  app.footer("What follows \"--\" goes to PETSc, for example: weir deck.yaml -- -ts_monitor -log_view");
}

/// `--restart=FILE` becomes `--restart`, and the file is returned: a flag takes no value elsewhere, so that
/// the deck may follow it.
std::string take_restart_file(std::vector<std::string>& words) {
  static const std::string start = "--restart=";
  std::string file;
  for (std::string& word : words) {
    if (word.compare(0, start.size(), start) != 0) continue;
    file = word.substr(start.size());
    if (file.empty()) throw InputError("command line: --restart= names no file (see weir --help)");
    word = "--restart";
  }
  return file;
}

/// CLI11 would put the deck last.
class Help : public CLI::Formatter {
  std::string make_usage(const CLI::App*, std::string) const override {
    return "Usage: weir DECK [OPTIONS] [-- PETSc options]\n"
           "       weir new FILE [METHOD] > DECK     writes a first deck for a data file\n";
  }
};

/// "HH:MM:SS", "MM:SS" or "SS" in seconds.
Real seconds_of(const std::string& text) {
  Real seconds = 0;
  int parts = 0;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ':'); ++parts) {
    const bool digits =
        !part.empty() && part.size() < 10 &&
        std::all_of(part.begin(), part.end(), [](unsigned char c) { return std::isdigit(c); });
    if (!digits || parts > 2 || (parts > 0 && std::stoi(part) > 59)) {
      seconds = 0;
      break;
    }
    seconds = 60 * seconds + std::stoi(part);
  }
  if (seconds <= 0)
    throw InputError(fmt::format(
        "command line: --time-limit: found \"{}\"; allowed: HH:MM:SS, above 0 (see weir --help)", text));
  return seconds;
}

/// "1,64,4096": each from 1 to a million.
std::vector<Index> ranks_of(const std::string& text) {
  std::vector<Index> ranks;
  std::istringstream stream(text);
  for (std::string number; std::getline(stream, number, ',');) {
    const bool digits =
        !number.empty() && number.size() < 8 &&
        std::all_of(number.begin(), number.end(), [](unsigned char c) { return std::isdigit(c); });
    const Index value = digits ? std::stoi(number) : 0;
    if (value < 1 || value > 1000000)
      throw InputError(fmt::format(
          "command line: --ranks: found \"{}\"; allowed: numbers from 1 to 1000000, separated by commas (see "
          "weir --help)",
          text));
    ranks.push_back(value);
  }
  return ranks;
}

/// What goes together and what does not.
void check_combination(const CommandLine& line, const Words& words) {
  if (line.estimate && (line.benchmark || line.check || words.restart || !words.time_limit.empty()))
    throw InputError(
        "command line: --estimate runs nothing, and goes with none of --check, --benchmark, --restart and "
        "--time-limit (see weir --help)");
  if (line.quiet && line.verbose)
    throw InputError("command line: --quiet and --verbose exclude each other (see weir --help)");
  if (!line.estimate && (line.json || !words.ranks.empty()))
    throw InputError("command line: --ranks and --json belong to --estimate (see weir --help)");
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  CommandLine line;
  const auto separator = std::find(words.begin(), words.end(), "--");
  if (separator != words.end()) line.petsc_options.assign(separator + 1, words.end());
  words.erase(separator, words.end());

  if (!words.empty() && words[0] == "new") {
    if (words.size() < 2 || words.size() > 3)
      throw InputError("command line: weir new FILE [METHOD], for example weir new cells.h5ad > deck.yaml");
    line.new_from = words[1];
    if (words.size() == 3) line.new_method = words[2];
    return line;
  }
  const std::string restart_file = take_restart_file(words);
  Words read;
  CLI::App app;
  declare_options(app, line, read);
  std::reverse(words.begin(), words.end());  // CLI11 takes words from the back
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    throw InputError(std::string("command line: ") + error.what() + " (see weir --help)");
  }
  if (read.restart) line.restart = restart_file;
  if (!read.time_limit.empty()) line.time_limit = seconds_of(read.time_limit);
  if (!read.ranks.empty()) line.ranks = ranks_of(read.ranks);
  check_combination(line, read);
  if (line.deck.empty() && line.needs_deck())
    throw InputError("command line: no deck; allowed: weir DECK (see weir --help)");
  return line;
}

std::string command_line_help() {
  CLI::App app("Weir: Wasserstein gradient flows with particle ensembles");
  CommandLine line;
  Words words;
  declare_options(app, line, words);
  app.formatter(std::make_shared<Help>());
  return app.help();
}

}  // namespace weir
