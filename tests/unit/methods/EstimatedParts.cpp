#include "methods/EstimatedParts.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "methods/InProcess.hpp"
#include "weir/input/Deck.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir::testing_tools {

std::vector<CostedPart> costs_of(const std::string& deck, const std::vector<std::string>& settings) {
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

EstimatedParts estimated_parts(const std::string& deck, const std::vector<std::string>& settings,
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

void expect_counted(const EstimatedParts& estimated) {
  const Communicator comm;
  Real moved = 0;
  for (const auto& [name, record] : Phase::records()) moved += Real(record.counted.particle_steps);
  for (const char* name : {"velocity", "rules", "check", "solver", "coupling"}) {
    const auto found = Phase::records().find(name);
    const Counters record = found == Phase::records().end() ? Counters() : found->second.counted;
    Traffic traffic;
    if (estimated.traffic.count(name)) traffic += estimated.traffic.at(name);
    EXPECT_EQ(record.calls, traffic.calls) << name;
    EXPECT_EQ(Real(comm.sum(record.bytes)), std::round(traffic.bytes)) << name;
  }
  EXPECT_EQ(Real(comm.sum(Index(moved))), std::round(estimated.moves));
  const auto velocities = Phase::records().find("velocity");
  const Index pairs = velocities == Phase::records().end() ? 0 : velocities->second.counted.pairs;
  EXPECT_EQ(Real(comm.sum(pairs)), estimated.pairs);
}

Index counted_flops() {
  Index flops = 0;
  for (const char* name : {"velocity", "rules", "solver"})
    if (const auto found = Phase::records().find(name); found != Phase::records().end())
      flops += found->second.counted.flops;
  return Communicator().sum(flops);
}

void expect_run_as_estimated(const std::string& deck, const std::vector<std::string>& settings,
                             const std::map<std::string, Index>& times, bool with_flops) {
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
