// simulate: the Wasserstein gradient flow of a free energy from an initial ensemble.
//
//     d X_i = -[grad V(X_i, t) + (1/N) sum_j grad W(X_i - X_j) + ..] dt + sqrt(2 beta) dW_i
#pragma once

#include "methods/simulate/Simulation.hpp"
#include "weir/methods/Method.hpp"

namespace weir {

class Simulate : public Method {
 public:
  std::string key() const override { return "simulate"; }
  std::string doc() const override {
    return "the Wasserstein gradient flow of a free energy, from an initial ensemble";
  }
  void describe(Section& section) override { weir::describe(section, options_); }
  void prepare(const Communicator& comm, const RunOptions& run) override;
  void check(const Communicator& comm, const RunOptions& run) override;
  std::vector<CostedPart> costs(const Communicator& comm, const RunOptions& run) const override;
  /// A simulation may be made longer.
  bool may_change(const DeckDifference& change, const Checkpoint& from) const override;
  void run(RunOutput& output, RunControl& control) override;

 private:
  SimulateOptions options_;
  std::unique_ptr<Simulation> simulation_;
};

}  // namespace weir
