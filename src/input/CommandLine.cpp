#include "weir/input/CommandLine.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

namespace {

void declare_options(CLI::App& app, CommandLine& line) {
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
  app.add_flag("--reference", line.reference, "prints every key of every method (Markdown)");
  app.add_flag("--schema", line.schema, "prints a JSON Schema of decks, for editors");
  app.add_flag("--version", line.version, "prints the version");
  app.add_flag("--build-info", line.build_info, "prints the libraries and how Weir was built");
  app.add_flag("-h,--help", line.help, "prints this");
  app.footer("What follows \"--\" goes to PETSc, for example: weir deck.yaml -- -ts_monitor -log_view");
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  CommandLine line;
  const auto separator = std::find(words.begin(), words.end(), "--");
  if (separator != words.end()) line.petsc_options.assign(separator + 1, words.end());
  words.erase(separator, words.end());

  CLI::App app;
  declare_options(app, line);
  std::reverse(words.begin(), words.end());  // CLI11 takes words from the back
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    throw InputError(std::string("command line: ") + error.what() + " (see weir --help)");
  }
  if (line.deck.empty() && line.needs_deck())
    throw InputError("command line: no deck; allowed: weir DECK (see weir --help)");
  return line;
}

std::string command_line_help() {
  CLI::App app("Weir: Wasserstein gradient flows with particle ensembles");
  CommandLine line;
  declare_options(app, line);
  // CLI11 would put the deck last.
  std::string text = app.help();
  const size_t usage = text.find("Usage:"), end = text.find('\n', usage);
  return text.replace(usage, end - usage, "Usage: weir DECK [OPTIONS] [-- PETSc options]");
}

}  // namespace weir
