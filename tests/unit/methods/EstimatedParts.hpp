// What --estimate says of the parts of a deck, beside what a run of the deck counts.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "methods/InProcess.hpp"
#include "weir/input/Deck.hpp"
#include "weir/methods/Method.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir::testing_tools {

/// Sums over all parts of a run.
struct EstimatedParts {
  std::map<std::string, Traffic> traffic;  ///< by phase
  Real flops = 0, moves = 0, pairs = 0;
};

/// Collective: the parts of a deck.
inline std::vector<CostedPart> costs_of(const std::string& deck, const std::vector<std::string>& settings) {
  RunOptions run;
  auto methods = all_methods();
  std::vector<DeckMethod> described;
  for (const auto& method : methods)
    described.push_back(
        {method->key(), method->doc(), [&m = *method](Section& section) { m.describe(section); }});
  const std::string key = Deck::parse(deck, "deck.yaml", ".", settings).read(run, described);
  std::size_t named = 0;
  while (methods[named]->key() != key) ++named;
  return methods[named]->costs(Communicator(), run);
}

/// Collective: costs of all parts of the deck, each `times` often; a stage asks once more whether all is
/// finite. The parts are those of `times`.
inline EstimatedParts estimated_parts(const std::string& deck, const std::vector<std::string>& settings,
                                      const std::map<std::string, Index>& times) {
  const Communicator comm;
  EstimatedParts all;
  const auto parts = costs_of(deck, settings);
  EXPECT_EQ(parts.size(), times.size());
  for (const auto& part : parts) {
    const Cost cost = part.model->at(comm.size());
    const Index steps = times.at(part.name);
    for (const auto& [phase, traffic] : cost.traffic)
      all.traffic[phase] += (steps + Index(phase == "check" && steps > 0)) * traffic;
    all.traffic["velocity"] += steps * cost.broadcasts;
    all.flops += Real(steps) * cost.flops;
    all.moves += Real(steps) * cost.moves;
    all.pairs += Real(steps) * cost.pairs;
    EXPECT_GT(cost.memory, 0) << part.name;
    if (comm.size() > 1 || !settings.empty()) continue;  // times need to be looked at once only
    part.model->measure(comm);
    const Cost measured = part.model->at(1);
    EXPECT_GT(measured.other_seconds + measured.pair_seconds, 0) << part.name;
  }
  return all;
}

/// Collective: of the run that was just made, its calls and bytes in every phase, and its moves.
inline void expect_counted(const EstimatedParts& estimated) {
  const Communicator comm;
  Real moved = 0;
  for (const auto& [name, record] : Phase::records()) moved += Real(record.counted.particle_steps);
  for (const char* name : {"velocity", "rules", "check", "solver"}) {
    const auto found = Phase::records().find(name);
    const Counters record = found == Phase::records().end() ? Counters() : found->second.counted;
    Traffic traffic;
    if (estimated.traffic.count(name)) traffic += estimated.traffic.at(name);
    EXPECT_EQ(record.calls, traffic.calls) << name;
    EXPECT_EQ(comm.sum(record.bytes), traffic.bytes) << name;
  }
  EXPECT_EQ(Real(comm.sum(Index(moved))), std::round(estimated.moves));
  const auto velocities = Phase::records().find("velocity");
  const Index pairs = velocities == Phase::records().end() ? 0 : velocities->second.counted.pairs;
  EXPECT_EQ(Real(comm.sum(pairs)), estimated.pairs);
}

/// Collective: of networks, in all stages of the run that was just made.
inline Index counted_flops() {
  Index flops = 0;
  for (const char* name : {"velocity", "rules", "solver"})
    if (const auto found = Phase::records().find(name); found != Phase::records().end())
      flops += found->second.counted.flops;
  return Communicator().sum(flops);
}

/// Collective: runs the deck, and compares what it counts with its estimate, flops too unless some of them
/// are left to chance.
inline void expect_run_as_estimated(const std::string& deck, const std::vector<std::string>& settings,
                                    const std::map<std::string, Index>& times, bool with_flops = true) {
  std::string text;
  for (const auto& setting : settings) text += setting + " ";
  SCOPED_TRACE(text);
  const SharedFolder folder;
  const EstimatedParts expected = estimated_parts(deck, settings, times);
  const Outcome outcome = run_deck_text(folder, deck, settings);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  expect_counted(expected);
  if (with_flops) {
    EXPECT_EQ(Real(counted_flops()), std::round(expected.flops));
  }
}

}  // namespace weir::testing_tools
