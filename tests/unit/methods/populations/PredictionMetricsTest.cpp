// Metrics made piece by piece, with an interruption between every two, are those made at once.
#include "methods/populations/PredictionMetrics.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "methods/InProcess.hpp"
#include "methods/populations/Clouds.hpp"

namespace weir {
namespace {

using namespace testing_tools;

/// Four populations at unit times; each but the first predicted where the one before it was observed, and the
/// one in the middle interpolated.
struct Given {
  Communicator comm;
  std::vector<Ensemble> observed, train;
  Populations populations;
  PredictionOptions prediction;
  Predictions predictions;
  RunOptions run;
  PredictionMetricsOptions options;

  explicit Given(const std::vector<Index>& sizes)
      : observed(clouds(comm, sizes)), train(clouds(comm, {30, 31, 32, 33})) {
    populations = {{0, 1, 2, 3}, train, observed};
    prediction.left_out = {2};
    predictions.populations.assign(observed.begin(), observed.end() - 1);
    predictions.interpolated.resize(4);
    predictions.interpolated[2] = observed[1];
    options.report = {"w1", "w2", "energy_distance", "bures_uvp"};
  }
  PredictionMetrics metrics(Index most_exact) const {
    return {options, {prediction, predictions, populations, observed, nullptr}, run, most_exact};
  }
};

Metrics at_once(PredictionMetrics metrics) {
  while (!metrics.all_done()) metrics.advance();
  return metrics.result();
}

/// A new object for every piece. Returns their number.
Index expect_restartable(const Given& given, Index most_exact) {
  const SharedFolder folder;
  const Metrics expected = at_once(given.metrics(most_exact));
  Index pieces = 0;
  for (bool done = false; !done; ++pieces) {
    PredictionMetrics metrics = given.metrics(most_exact);
    if (pieces > 0)
      metrics.restore(Hdf5File(folder / std::to_string(pieces), given.comm.mpi(), Hdf5File::Access::read));
    metrics.advance();
    done = metrics.all_done();
    Hdf5File file(folder / std::to_string(pieces + 1), given.comm.mpi(), Hdf5File::Access::create);
    metrics.save(file);
    file.close();
    if (done) {
      EXPECT_EQ(metrics.result(), expected);
    }
  }
  return pieces;
}

Real value_of(const Metrics& metrics, const std::string& name) {
  const auto found =
      std::find_if(metrics.begin(), metrics.end(), [&](const auto& metric) { return metric.first == name; });
  EXPECT_NE(found, metrics.end()) << name;
  return found == metrics.end() ? -1 : found->second;
}

TEST(PredictionMetricsParallel, GoOnWherePopulationsAreSmall) {
  const Given given({24, 25, 26, 27});
  const Index ranks = given.comm.size();
  EXPECT_EQ(expect_restartable(given, most_exact_points), (3 + ranks - 1) / ranks);
}

// w1 and w2 of the prediction and, in the middle, of the interpolation; w1 of no change and of a sample; the
// rest.
TEST(PredictionMetricsParallel, GoOnBetweenDistancesOfLargePopulations) {
  const Given given({24, 25, 26, 27});
  EXPECT_EQ(expect_restartable(given, 10), 5 + 7 + 5);
}

// Two large populations around a small one, which another rank measures beside the first.
TEST(PredictionMetricsParallel, GoOnWhereOnlySomeAreLarge) {
  const Given given({24, 25, 12, 27});
  EXPECT_EQ(expect_restartable(given, 20), given.comm.size() == 1 ? 5 + 1 + 5 : 5 + 5);
}

TEST(PredictionMetricsParallel, DistancesBySinkhornAreNearTheExactOnes) {
  const Given given({24, 25, 26, 27});
  const Metrics exact = at_once(given.metrics(most_exact_points)), entropic = at_once(given.metrics(10));
  for (const char* name : {"w1", "w2", "w2/2", "w1_identity", "w2_interpolation/2"})
    EXPECT_NEAR(value_of(entropic, name), value_of(exact, name), 0.05 * value_of(exact, name)) << name;
}

}  // namespace
}  // namespace weir
