// Trains the network of EndpointNetwork.hpp by regression on noisy points of paths, drawn anew in every
// iteration.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "methods/schroedinger_bridge/drifts/EndpointNetwork.hpp"
#include "methods/schroedinger_bridge/drifts/KeptWeights.hpp"
#include "methods/schroedinger_bridge/latent/BridgeOptions.hpp"
#include "weir/flows/Batches.hpp"
#include "weir/flows/Flow.hpp"
#include "weir/output/StageList.hpp"
#include "weir/parallel/Random.hpp"
#include "weir/training/TrainedParameters.hpp"

namespace weir {

/// Ends of paths, and where paired their starts: `partners` ends for each start, one of which is drawn.
struct EndpointRows {
  const Ensemble* starts = nullptr;  ///< null: blurred
  Ensemble ends;                     ///< components: partners x those of a row
  Index partners = 1;
};

/// What is looked at when a training reports.
struct EndpointWatch {
  const EndpointRows* held_out = nullptr;  ///< rows that are not trained on; null: there are none
  std::optional<Real> slack = {};          ///< of KeptWeights; none: those of the end are kept
  Index patience = 0;                      ///< of KeptWeights
  /// Collective: how close samples of a network lie to training rows (SampleWatch.hpp); may be empty.
  std::function<Real(const EndpointNetwork& network)> copying = {};
};

template <class T>
class EndpointTraining : public Flow {
 public:
  /// Collective; `rows` outlives the object.
  EndpointTraining(const EndpointForm& form, const MlpShape& shape, const EndpointRows& rows,
                   const IterationTrainOptions& options, const Communicator& comm, Index seed);
  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void initialise(const MatrixRef<Real>& local) const { parameters_.initialise(local); }
  void velocity(const Moment& moment, BlockSet wanted, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>& energies) override;
  /// Collective: the mean square over these rows, always with the same noise.
  Real loss(const MatrixRef<const Real>& parameters, const EndpointRows& rows);
  /// Collective.
  StoredNetwork network(const MatrixRef<const Real>& parameters);

  // Kernels, which nvcc takes in public functions only.
  /// Inputs and goals of a tile's rows.
  void draw(const EndpointRows& rows, const Tile& tile, Index tick, bool held_out);
  /// out = scale (out - goal), and its square's sum.
  Real find_residual(Index count, Real scale);

 private:
  EndpointForm form_;
  const EndpointRows& rows_;
  Communicator comm_;
  Index d_;
  Random random_, held_out_random_;
  Batches batches_;
  Batches::Batch batch_;
  Mlp<T> network_;
  MlpTape<T> tape_;
  TrainedParameters<T> parameters_;
  std::shared_ptr<Layout> layout_;
  Vector<Real> middle_;
  Matrix<T> in_, goal_, out_;
};

/// Collective: the stage `train`; nothing where the run was stopped.
std::optional<EndpointNetwork> fit_endpoint_network(const EndpointForm& form, const NetworkOptions& network,
                                                    const IterationTrainOptions& options,
                                                    const EndpointRows& rows, const EndpointWatch& watch,
                                                    const std::string& where, const StageList& stages,
                                                    RunOutput& output, RunControl& control);

/// Not collective: seconds of an iteration over so many tiles, on this rank alone.
Real endpoint_iteration_seconds(const NetworkOptions& network, IterationTrainOptions options, bool paired,
                                Index components, Index tiles, const RunOptions& run);

}  // namespace weir
