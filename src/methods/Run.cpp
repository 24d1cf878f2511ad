#include "weir/methods/Run.hpp"

#include <cstdio>
#include <optional>

#include "weir/base/Version.hpp"
#include "weir/input/Deck.hpp"
#include "weir/input/DeckDocuments.hpp"
#include "weir/methods/Method.hpp"

namespace weir {

namespace {

std::vector<DeckMethod> as_deck_methods(const std::vector<std::unique_ptr<Method>>& methods) {
  std::vector<DeckMethod> described;
  for (const auto& method : methods)
    described.push_back(
        {method->key(), method->doc(), [&m = *method](Section& section) { m.describe(section); }});
  return described;
}

/// What needs no deck: the documents that Weir prints about itself.
std::optional<std::string> document(const CommandLine& command, const std::vector<DeckMethod>& methods) {
  if (command.help) return command_line_help();
  if (command.version) return "weir " + version();
  if (command.build_info) return build_info();
  if (command.reference) return deck_reference(methods);
  if (command.schema) return deck_schema(methods);
  return {};
}

void run_deck(const CommandLine& command, const Communicator& comm) {
  const auto methods = all_methods();
  const auto deck_methods = as_deck_methods(methods);
  if (const auto text = document(command, deck_methods)) {
    if (comm.is_root()) std::printf("%s\n", text->c_str());
    return;
  }
  const Deck deck = Deck::load(command.deck, command.settings, comm);
  try {
    RunOptions run;
    const std::string key = deck.read(run, deck_methods);
    for (std::size_t m = 0; m < methods.size(); ++m) {
      if (methods[m]->key() != key) continue;
      methods[m]->prepare(comm, run);
      if (command.check) {
        if (comm.is_root()) std::printf("%s: a valid deck for %s\n", command.deck.c_str(), key.c_str());
        return;
      }
      RunOutput output(comm, run, key, resolved_deck(run, deck_methods[m]));
      output.log(fmt::format("{}: {} by {} on {} rank{}", command.deck, run.name, key, comm.size(),
                             comm.size() == 1 ? "" : "s"));
      methods[m]->run(output);
    }
  } catch (const InputError& error) {
    throw InputError(deck.explain(error));
  }
}

}  // namespace

Outcome run_to_outcome(const CommandLine& command, const Communicator& comm) {
  try {
    run_deck(command, comm);
    return {done, ""};
  } catch (const InputError& error) {
    return {bad_input, error.what()};
  } catch (const RunError& error) {
    return {failed, std::string("the run failed: ") + error.what()};
  } catch (const LibraryError& error) {
    return {failed, std::string("a library call failed: ") + error.what()};
  } catch (const std::exception& error) {
    return {failed, error.what()};
  }
}

int run(const CommandLine& command, const Communicator& comm) {
  const Outcome outcome = run_to_outcome(command, comm);
  if (outcome.code != done && comm.is_root()) std::fprintf(stderr, "weir: %s\n", outcome.message.c_str());
  return outcome.code;
}

}  // namespace weir
