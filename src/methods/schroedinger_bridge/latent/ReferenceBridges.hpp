// Bridges beside the one that was asked for, which tell what its error is made of.
//
//     exact    the same steps with the score of the smoothed training rows, which is exact for them
//     fine     the same in `reference_steps` steps
//     late     the same, stopped at 1 - 1e-5
//
// With e = W_2^2(latents, held out) - 1/2 W_2^2(held out, held out'), all in the units of the latents,
//
//     error                    e(bridge)
//     error_score              e(bridge) - e(exact)     below 0 where a network does better than copies do
//     error_discretisation     e(exact) - e(fine)
//     error_early_stopping     e(fine) - e(late)
//     error_rest               e(late): there are as many training rows and no more
//     error_pretraining        the mean square distance of held-out rows from their reconstructions, in the
//                              units of the data
#pragma once

#include <list>
#include <memory>
#include <string>
#include <utility>

#include "methods/generative/GenerationMetrics.hpp"
#include "methods/schroedinger_bridge/SchroedingerBridgeOptions.hpp"
#include "methods/schroedinger_bridge/latent/LearnedDrift.hpp"
#include "weir/output/RunControl.hpp"

namespace weir {

class ReferenceBridges {
 public:
  /// `bridge`: the latents whose error is split; all arguments outlive the object.
  ReferenceBridges(const SchroedingerBridgeOptions& options, const BridgeEnds& ends, const Ensemble& bridge)
      : options_(options), ends_(ends), bridge_(bridge) {}

  /// Collective: follows the three bridges from `starts`; false where the run was stopped.
  bool follow(const Ensemble& starts, RunOutput& output, RunControl& control);
  /// Distances to the latents held out, of this bridge and the three; named w2_bridge, w2_exact, ..
  std::list<std::unique_ptr<GenerationMetrics>> distances(const RunOptions& run) const;
  /// The parts, of what `distances` found. pretraining: the reconstruction's root mean square.
  static Metrics parts(const Metrics& distances, Real reconstruction);

 private:
  const SchroedingerBridgeOptions& options_;
  const BridgeEnds& ends_;
  const Ensemble& bridge_;
  std::list<std::pair<std::string, Ensemble>> latents_;
  std::list<RunControl::Kept> kept_;
};

}  // namespace weir
