#include "weir/methods/Run.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <new>
#include <optional>

#include "weir/base/Configuration.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/base/Stopwatch.hpp"
#include "weir/base/Version.hpp"
#include "weir/input/Deck.hpp"
#include "weir/input/DeckDocuments.hpp"
#include "weir/input/NewDeck.hpp"
#include "weir/methods/Method.hpp"
#include "weir/output/EarlierRun.hpp"
#include "weir/output/Heartbeat.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/performance/Benchmark.hpp"
#include "weir/performance/Estimate.hpp"

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

/// Keys of any run that may differ from those of its continuation.
bool may_change_in_any_run(const std::string& key) {
  const auto starts_with = [&](const char* start) { return key.rfind(start, 0) == 0; };
  return key == "run.name" || key == "run.output" || starts_with("run.checkpoint.") ||
         starts_with("run.machine.");
}

/// Refuses to go on with another deck than the one the checkpoint was made with, but for what the method
/// allows.
void check_same_deck(const Method& method, const Checkpoint& from, const std::string& deck) {
  Problems problems;
  for (const auto& change : deck_differences(from.deck(), deck)) {
    if (may_change_in_any_run(change.key)) continue;
    problems.collect([&] {
      if (method.may_change(change, from)) return;
      const auto told = [](const std::string& value) { return value.empty() ? "nothing" : value; };
      throw InputError(change.key, fmt::format("found {}; {} was made with {}: give that, or start afresh "
                                               "without --restart",
                                               told(change.now), from.path(), told(change.before)));
    });
  }
  problems.raise();
}

/// The checkpoint to go on from, where that is wanted and there is one.
std::unique_ptr<Checkpoint> restart_from(const Method& method, const CommandLine& command,
                                         const Communicator& comm, const RunOptions& run,
                                         const std::string& deck, std::vector<std::string>& remarks) {
  if (!command.restart) return nullptr;
  auto found = find_checkpoint(comm, run.output_folder(), *command.restart, remarks);
  if (!found) {
    remarks.push_back("there is no checkpoint yet: the run starts from the beginning");
    return nullptr;
  }
  check_same_deck(method, *found, deck);
  remarks.push_back(fmt::format("restarted from {}: {}", found->path(), to_text(found->standing())));
  if (found->version() != WEIR_VERSION)
    remarks.push_back(fmt::format("it was made by Weir {}: the last digits may differ", found->version()));
  return found;
}

/// Kokkos has exceptions of its own for that, in some versions without a type.
bool is_out_of_memory(const std::exception& error) {
  return dynamic_cast<const std::bad_alloc*>(&error) ||
         std::string(error.what()).find("failed to allocate") != std::string::npos;
}

/// How an error that ends a run is told to the user. Errors of Weir's own kinds are thrown on all ranks,
/// others perhaps on one alone.
Outcome outcome_of(const std::exception& error) {
  const std::string text = error.what();
  if (is_out_of_memory(error))
    return {ExitCode::failed,
            "out of memory (" + text.substr(0, text.find('\n')) +
                "): fewer particles or dimensions, or more nodes; --estimate says what a "
                "deck takes",
            true};
  if (dynamic_cast<const InputError*>(&error)) return {ExitCode::bad_input, text};
  if (dynamic_cast<const RunError*>(&error)) return {ExitCode::failed, "the run failed: " + text};
  if (dynamic_cast<const LibraryError*>(&error)) return {ExitCode::failed, "a library call failed: " + text};
  return {ExitCode::failed, text, true};
}

/// Nothing of an earlier run is lost unless the user says so. Returns whether there is anything to do: a run
/// that is finished, and is to go on with the same deck, is over. Throws InputError (key run.output).
bool may_use_folder(const CommandLine& command, const Communicator& comm, const RunOptions& run,
                    const std::string& deck) {
  const std::string folder = run.output_folder();
  Index goes_on = 1;
  comm.agree([&] {
    if (!comm.is_root()) return;
    check_output_folder(folder);
    const EarlierRun earlier = earlier_run_in(folder);
    if (!earlier.there) return;
    const auto refuse = [&](const std::string& remedy) {
      throw InputError("run.output",
                       fmt::format("{} holds {}: {}--overwrite replaces it; or give another folder", folder,
                                   earlier.told(), remedy));
    };
    if (!command.restart) {
      if (!command.overwrite) refuse(earlier.finished ? "" : "--restart goes on with it, ");
      return;
    }
    std::error_code none;
    const auto from = std::filesystem::path(*command.restart).parent_path();
    if (!command.restart->empty()) {
      if (!command.overwrite && !std::filesystem::equivalent(from.empty() ? "." : from, folder, none))
        refuse("and the checkpoint is of another folder; ");
      return;
    }
    // A run that was killed at its start may have left no deck.
    const auto changes = deck_differences(earlier.deck.empty() ? deck : earlier.deck, deck);
    const bool same_deck = std::all_of(changes.begin(), changes.end(), [](const DeckDifference& change) {
      return may_change_in_any_run(change.key);
    });
    if (earlier.finished && same_deck && !command.overwrite) goes_on = 0;
    if (!same_deck && earlier.checkpoints == 0 && !command.overwrite)
      refuse("of another deck, without a checkpoint to go on from; ");
  });
  if (comm.broadcast_value(goes_on) != 0) return true;
  if (comm.is_root())
    std::printf(
        "%s: the run is finished, and nothing is left to do; results in %s (--overwrite runs it again)\n",
        command.deck.c_str(), folder.c_str());
  return false;
}

ExitCode run_method(Method& method, const DeckMethod& described, const RunOptions& run,
                    const CommandLine& command, const Communicator& comm) {
  const std::string deck = resolved_deck(run, described);
  std::vector<std::string> remarks;
  const auto restart = restart_from(method, command, comm, run, deck, remarks);
  RunOutput output(comm, run, method.key(), deck, restart.get());
  RunControl control(output, command.time_limit);
  const std::string threads = host_threads() > 1 ? fmt::format(" of {} threads", host_threads()) : "";
  output.log(fmt::format("{}: {} by {} on {} rank{}{}", command.deck, run.name, method.key(), comm.size(),
                         comm.size() == 1 ? "" : "s", threads));
  for (const auto& remark : remarks) output.log(remark);
  Phase::forget();
  const Stopwatch watch;
  try {
    method.run(output, control);
  } catch (const std::exception& error) {
    output.log_failure(outcome_of(error).message);
    throw;
  }
  for (const auto& option : unused_petsc_options())
    output.log(fmt::format("PETSc did not use the option {} (see weir --help)", option));
  if (command.verbose)
    for (const auto& [name, record] : Phase::records())
      output.log(fmt::format("{:>14}: {:9.3f} s in {} parts", name, record.seconds, record.times));
  if (command.benchmark) {
    const std::string report = write_benchmark(output, command.deck, method.key(), watch.seconds());
    if (comm.is_root()) std::printf("%s\n", report.c_str());
  }
  return control.stopped() ? ExitCode::stopped : ExitCode::done;
}

/// `--check`: also of the checkpoint, where the run is to go on from one.
ExitCode check_method(Method& method, const DeckMethod& described, const RunOptions& run,
                      const CommandLine& command, const Communicator& comm) {
  std::vector<std::string> remarks;
  comm.agree([&] {
    if (!comm.is_root()) return;
    check_output_folder(run.output_folder());
    const EarlierRun earlier = earlier_run_in(run.output_folder());
    if (earlier.there && !command.restart && !command.overwrite)
      remarks.push_back(fmt::format("{} holds {}: a run needs {}--overwrite, or another folder",
                                    run.output_folder(), earlier.told(),
                                    earlier.finished ? "" : "--restart or "));
  });
  method.check(comm, run);
  restart_from(method, command, comm, run, resolved_deck(run, described), remarks);
  if (!comm.is_root()) return ExitCode::done;
  for (const auto& remark : remarks) std::printf("%s\n", remark.c_str());
  std::printf("%s: a valid deck for %s\n", command.deck.c_str(), method.key().c_str());
  return ExitCode::done;
}

/// `--estimate`.
ExitCode estimate_method(const Method& method, const RunOptions& run, const CommandLine& command,
                         const Communicator& comm) {
  const Real program = resident_memory(comm);
  const Estimated estimated{command.deck, method.key(), method.costs(comm, run), program};
  const std::string text = estimate(estimated, run.machine, command.ranks, command.json, comm);
  if (comm.is_root()) std::printf("%s\n", text.c_str());
  return ExitCode::done;
}

ExitCode run_deck(const CommandLine& command, const Communicator& comm) {
  const auto methods = all_methods();
  const auto deck_methods = as_deck_methods(methods);
  if (const auto text = document(command, deck_methods)) {
    if (comm.is_root()) std::printf("%s\n", text->c_str());
    return ExitCode::done;
  }
  if (!command.new_from.empty()) {
    std::string text;
    comm.agree([&] {
      if (comm.is_root()) text = new_deck(command.new_from, command.new_method);
    });
    if (comm.is_root()) std::printf("%s", text.c_str());
    return ExitCode::done;
  }
  const Deck deck = Deck::load(command.deck, command.settings, comm);
  try {
    RunOptions run;
    const std::string key = deck.read(run, deck_methods);
    run.talk = command.quiet     ? RunOptions::Talk::quiet
               : command.verbose ? RunOptions::Talk::verbose
                                 : RunOptions::Talk::normal;
    std::size_t m = 0;
    while (methods[m]->key() != key) ++m;
    if (command.estimate) {
      return estimate_method(*methods[m], run, command, comm);
    }
    if (command.check) return check_method(*methods[m], deck_methods[m], run, command, comm);
    if (!may_use_folder(command, comm, run, resolved_deck(run, deck_methods[m]))) return ExitCode::done;
    const Heartbeat heartbeat(comm.is_root() && !command.quiet);
    methods[m]->prepare(comm, run);
    return run_method(*methods[m], deck_methods[m], run, command, comm);
  } catch (const InputError& error) {
    throw InputError(deck.explain(error));
  }
}

}  // namespace

Outcome run_to_outcome(const CommandLine& command, const Communicator& comm) {
  try {
    const ExitCode code = run_deck(command, comm);
    return {code, ""};
  } catch (const std::exception& error) {
    return outcome_of(error);
  }
}

int run(const CommandLine& command, const Communicator& comm) {
  const Outcome outcome = run_to_outcome(command, comm);
  if (outcome.perhaps_alone && comm.size() > 1) {  // the others may be waiting for this rank
    std::fprintf(stderr, "weir: rank %d: %s\n", comm.rank(), outcome.message.c_str());
    MPI_Abort(comm.mpi(), int(outcome.code));
  }
  if (!outcome.message.empty() && comm.is_root()) std::fprintf(stderr, "weir: %s\n", outcome.message.c_str());
  return int(outcome.code);
}

}  // namespace weir
