// learn_energies (JKOnet*): the potential, interaction and entropy that best explain snapshots of a
// population.
//
// Source: Terpin, Lanzetti, Gadea, Doerfler, "Learning diffusion at lightspeed", NeurIPS 2024 (arXiv
// 2406.12616).
#pragma once

#include <optional>
#include <vector>

#include "methods/learn_energies/LearnEnergiesOptions.hpp"
#include "weir/methods/Method.hpp"

namespace weir {

class LearnEnergies : public Method {
 public:
  std::string key() const override { return "learn_energies"; }
  std::string doc() const override {
    return "the energies that best explain snapshots of a population (JKOnet*)";
  }
  void describe(Section& section) override { weir::describe(section, options_); }
  void prepare(const Communicator& comm, const RunOptions& run) override;
  void check(const Communicator& comm, const RunOptions& run) override;
  std::vector<CostedPart> costs(const Communicator& comm, const RunOptions& run) const override;
  /// A training may be made longer.
  bool may_change(const DeckDifference& change, const Checkpoint& from) const override;
  void run(RunOutput& output, RunControl& control) override;

 private:
  void check_spread(const std::vector<Ensemble>& train) const;
  void check_sizes(const std::vector<Index>& train, Index dimension) const;

  LearnEnergiesOptions options_;
  std::optional<Populations> populations_;
  std::vector<Index> kept_;  // numbers of those that are learned from
};

}  // namespace weir
