// What a user of the training room writes: a network that learns a known function from scattered points.
#include <gtest/gtest.h>

#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/parallel/TileSum.hpp"
#include "weir/training/TrainedParameters.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {
namespace {

Real truth(Real x, Real y) {
  return std::sin(x) + 0.5 * x * y;
}

// The flow of the mean of (f_theta(x) - truth(x))^2 / 2 over all points.
class Regression : public Flow {
 public:
  Regression(const Ensemble& points, const MlpShape& shape, const RuleOptions& rule)
      : points_(points),
        network_(shape),
        tape_(network_, points.partition.tile_size(), Purpose::gradient),
        errors_("errors", 1, points.partition.tile_size()),
        parameters_(points.comm, 5) {
    parameters_.add_network(shape, 0);
    parameters_.allocate(points.partition.local_tiles());
    layout_ =
        std::make_shared<Layout>(points.comm, std::vector<Block>{parameters_.block("parameters", rule)});
  }
  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void initialise(const MatrixRef<Real>& theta) const { parameters_.initialise(theta); }

  void velocity(const Moment&, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>&) override {
    parameters_.gather(x, 0);
    const LocalTiles tiles = points_.partition.local();
    for (Index t = 0; t < tiles.tiles; ++t) {
      find_errors(tiles[t], 1 / Real(points_.particles()));
      const MatrixRef<const double> errors(errors_.data(), 1, std::size_t(tiles[t].count));
      network_.vjp(parameters_.network(0), errors, tape_, parameters_.gradient(t, 0), {});
    }
    parameters_.sum_gradients(tiles.tiles, "the gradient of the fit", v[0]);
  }

  /// errors = scale (f(x) - truth), of a tile.
  void find_errors(const Tile& tile, Real scale) {
    const MatrixRef<Real> values(errors_.data(), 1, std::size_t(tile.count));
    const MatrixRef<const Real> x(&points_.x(0, tile.first), 2, std::size_t(tile.count));
    network_.value(parameters_.network(0), x, tape_, values);
    for (Index i = 0; i < tile.count; ++i) values(0, i) = scale * (values(0, i) - truth(x(0, i), x(1, i)));
  }

 private:
  const Ensemble& points_;
  Mlp<double> network_;
  MlpTape<double> tape_;
  Matrix<Real> errors_;
  TrainedParameters<double> parameters_;
  std::shared_ptr<const Layout> layout_;
};

struct Trained {
  std::vector<Real> theta;
  Real error, gathers;
};

Trained trained(const Communicator& comm, Index iterations) {
  Ensemble points(comm, 301, 2, 16);
  fill_normals(points.x, Random(3, Stream::initial_ensemble), points.partition.first_particle(), 0);
  NetworkOptions network;
  network.hidden = {16, 16};
  ParameterRuleOptions adam;
  adam.rate = 2e-2;
  adam.schedule = "cosine";
  Regression flow(points, network.shape(2, 1), adam);
  Stage stage(training_steps(iterations, RunOptions()), flow, "train");
  flow.initialise(BlockViews(*flow.layout(), stage.state().vec())[0]);
  const Index before = counters().gathers;
  stage.run([](const Tick&) {});
  const Real gathers = Real(counters().gathers - before);

  // The mean square error, by hand.
  TrainedParameters<double> learned(comm, 5);
  const Index n = learned.add_network(network.shape(2, 1), 0);
  learned.allocate(0);
  learned.gather(stage.learned(0));
  const Mlp<double> mlp(network.shape(2, 1));
  MlpTape<double> tape(mlp, points.partition.local_particles() + 1, Purpose::value);
  const Matrix<Real> values("values", 1, points.partition.local_particles());
  if (values.extent(1) > 0) mlp.value(learned.network(n), points.x, tape, values);
  TileSum sum(comm, points.partition, 1);
  const Real square = sum(
      "", "", KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i) {
          const Real error = values(0, i) - truth(points.x(0, i), points.x(1, i));
          partial[0] += error * error;
        }
      })[0];
  return {learned.stored(n).parameters, std::sqrt(square / 301), gathers};
}

TEST(Regression, ANetworkLearnsAFunction) {
  const Trained found = trained(Communicator(MPI_COMM_SELF), 1000);
  EXPECT_LT(found.error, 0.03);
  EXPECT_EQ(found.gathers, 1000);  // once after each change of the parameters
}

TEST(RegressionParallel, IsTheSameOnAnyNumberOfRanks) {
  EXPECT_EQ(trained(Communicator(), 7).theta, trained(Communicator(MPI_COMM_SELF), 7).theta);
}

// Scalars are learned beside networks, each with its gradient from where it is known.
TEST(TrainedParameters, KeepsNetworksAndScalarsApart) {
  const Communicator self(MPI_COMM_SELF);
  NetworkOptions small;
  small.hidden = {3};
  TrainedParameters<float> parameters(self, 1);
  const Index network = parameters.add_network(small.shape(2, 1), 0);
  const Index of_tiles = parameters.add_scalar(0.25, ScalarGradient::of_tiles),
              of_whole = parameters.add_scalar(-3, ScalarGradient::of_whole);
  parameters.allocate(2);
  const Block block = parameters.block("parameters", ParameterRuleOptions());
  ASSERT_EQ(block.partition.particles(), 13 + 2);
  const Matrix<Real> local("local", 1, 15), velocity("velocity", 1, 15);
  parameters.initialise(local);
  parameters.gather(local);
  EXPECT_EQ(parameters.scalar(of_tiles), 0.25);
  EXPECT_EQ(parameters.scalar(of_whole), -3);
  for (Index slot = 0; slot < 2; ++slot) {
    Kokkos::deep_copy(parameters.gradient(slot, network), 1.f);
    parameters.gradient(slot)(parameters.place_of_scalar(of_tiles)) = 2;
  }
  parameters.set_gradient(of_whole, 7);
  parameters.sum_gradients(2, "", velocity);
  for (Index i = 0; i < 13; ++i) EXPECT_EQ(velocity(0, i), -2);
  EXPECT_EQ(velocity(0, 13), -4);
  EXPECT_EQ(velocity(0, 14), -7);
  EXPECT_EQ(parameters.stored(network).parameters.size(), 13u);
}

}  // namespace
}  // namespace weir
