// The classifier by which generated rows are judged: two Gaussian clouds, whose probabilities are known.
#include <gtest/gtest.h>

#include <cmath>

#include "methods/InProcess.hpp"
#include "methods/generative/GenerationMetrics.hpp"
#include "weir/base/Error.hpp"
#include "weir/output/RunControl.hpp"
#include "weir/output/RunOutput.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

using namespace testing_tools;

struct Labelled {
  Ensemble rows, labels;
};
/// N((-1, 0), 1) with label 7 and N((1, 0), 1) with label 3, in turn.
Labelled two_clouds(const Communicator& comm, Index count, Index key) {
  Labelled set{Ensemble(comm, count, 2, 16), Ensemble(comm, count, 1, 16)};
  const Index first = set.rows.partition.first_particle();
  fill_normals(set.rows.x, Random(key, Stream::initial_ensemble), first, 0);
  for (Index i = 0; i < set.rows.partition.local_particles(); ++i) {
    const bool right = (first + i) % 2 == 1;
    set.rows.x(0, i) += right ? 1 : -1;
    set.labels.x(0, i) = right ? 3 : 7;
  }
  return set;
}

std::optional<Classifier> trained(const std::string& folder, const Labelled& set, Index epochs) {
  ClassifierOptions options;
  options.network.hidden = {16, 8};
  options.epochs = epochs;
  RunOptions run;
  run.output = folder;
  RunOutput output(set.rows.comm, run, "test", "deck");
  RunControl control(output, {});
  return train_classifier(options, set.rows, set.labels, "method.metrics.classifier",
                          StageList({"classify", "measure"}), output, control);
}

// p(3 | x) = 1 / (1 + exp(-2 x_0)), and its errors are those of the better of two halves: Phi(-1).
TEST(ClassifierParallel, FindsTheProbabilitiesOfTwoClouds) {
  const SharedFolder folder;
  const Communicator world;
  const auto classifier = trained(folder / "out", two_clouds(world, 4001, 1), 12);
  ASSERT_TRUE(classifier);
  EXPECT_EQ(classifier->classes, (std::vector<Real>{3, 7}));
  const Labelled fresh = two_clouds(world, 4000, 2);
  EXPECT_NEAR(accuracy(*classifier, fresh.rows, fresh.labels), 0.8413, 0.02);
  const auto p = classifier->probabilities(fresh.rows);
  Real error = 0;
  for (Index i = 0; i < fresh.rows.partition.local_particles(); ++i) {
    EXPECT_NEAR(p(0, i) + p(1, i), 1, 1e-12);
    error = std::max(error, std::abs(p(0, i) - 1 / (1 + std::exp(-2 * fresh.rows.x(0, i)))) *
                                std::exp(-0.5 * std::pow(fresh.rows.x(1, i), 2)));
  }
  EXPECT_LT(error, 0.12);
  EXPECT_EQ(classifier->features(fresh.rows).extent(0), 8u);
}

// The last layer of the network takes the features to the logits.
TEST(Classifier, FeaturesAreTheLastHiddenLayer) {
  const SharedFolder folder;
  const Communicator self(MPI_COMM_SELF);
  const Labelled set = two_clouds(self, 37, 1);
  const auto classifier = trained(folder / "out", set, 3);
  ASSERT_TRUE(classifier);
  const auto features = classifier->features(set.rows), p = classifier->probabilities(set.rows);
  const auto& theta = classifier->network.parameters;
  const std::size_t last = theta.size() - 8 * 2 - 2;
  for (Index i = 0; i < 37; ++i) {
    Real logits[2];
    for (std::size_t c = 0; c < 2; ++c) {
      logits[c] = theta[last + 16 + c];
      for (std::size_t k = 0; k < 8; ++k) logits[c] += theta[last + 2 * k + c] * features(Index(k), i);
    }
    EXPECT_NEAR(p(0, i), 1 / (1 + std::exp(logits[1] - logits[0])), 1e-12);
  }
}

TEST(ClassifierParallel, IsTheSameOnAnyNumberOfRanks) {
  const auto all = [](const Communicator& comm, const std::string& folder) {
    const Labelled set = two_clouds(comm, 301, 1);
    const auto classifier = trained(folder, set, 2);
    const Confidence sure = confidence(*classifier, set.rows);
    std::vector<Real> numbers = classifier->network.parameters;
    numbers.insert(numbers.end(), {sure.mean, sure.sure, accuracy(*classifier, set.rows, set.labels)});
    return numbers;
  };
  const SharedFolder folder;
  const Communicator world;
  EXPECT_EQ(all(world, folder / "all"),
            all(Communicator(MPI_COMM_SELF), folder / fmt::format("rank{}", world.rank())));
}

TEST(ClassifierParallel, NeedsLabelsThatItCanLearn) {
  const Communicator world;
  GenerationMetricsOptions options;
  options.report = {"sure"};
  const auto message = [&](const std::optional<Ensemble>& labels) {
    try {
      check_labels(options, labels, "latent_ebm");
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message({}).find("give `labels` of `data.file`"), std::string::npos);
  Ensemble labels(world, 1203, 1, 16);
  EXPECT_NE(message(labels).find("have 1 distinct values; a classifier takes 2 to 1000"), std::string::npos);
  for (Index i = 0; i < labels.partition.local_particles(); ++i)
    labels.x(0, i) = Real(labels.partition.first_particle() + i);
  EXPECT_NE(message(labels).find("have more than 1000 distinct values"), std::string::npos);
  options.report = {"w2"};
  EXPECT_EQ(message({}), "");
}

}  // namespace
}  // namespace weir
