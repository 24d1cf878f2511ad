// What generators share: drawn sets, data, standardisation, and metrics of clouds whose distances are known.
#include <gtest/gtest.h>

#include <cmath>

#include "methods/InProcess.hpp"
#include "methods/generative/Data.hpp"
#include "methods/generative/GenerationMetrics.hpp"
#include "methods/generative/Standardisation.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/PrincipalComponents.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

using namespace testing_tools;

SyntheticData set_named(const std::string& name) {
  SyntheticData data;
  data.set.emplace<SyntheticOptions>().name = name;
  return data;
}

struct SetMoments {
  std::vector<Real> mean, variance;
};
SetMoments moments_of(const SyntheticData& data, Index rows) {
  const auto x = draw_synthetic(data, 1, 0, rows, 0, rows);
  const Index d = data.options().components();
  SetMoments m{std::vector<Real>(std::size_t(d)), std::vector<Real>(std::size_t(d))};
  for (Index i = 0; i < rows; ++i)
    for (Index c = 0; c < d; ++c) m.mean[std::size_t(c)] += x[std::size_t(i * d + c)] / Real(rows);
  for (Index i = 0; i < rows; ++i)
    for (Index c = 0; c < d; ++c)
      m.variance[std::size_t(c)] +=
          std::pow(x[std::size_t(i * d + c)] - m.mean[std::size_t(c)], 2) / Real(rows);
  return m;
}

// Means and variances by hand, within 4 standard errors of 40,000 rows (.02 of the deviation).
TEST(Synthetic, SetsHaveTheirMoments) {
  constexpr Index rows = 40000;
  const auto expect = [&](const char* name, std::vector<Real> mean, std::vector<Real> variance) {
    SCOPED_TRACE(name);
    const SetMoments found = moments_of(set_named(name), rows);
    ASSERT_EQ(found.mean.size(), mean.size());
    for (std::size_t c = 0; c < mean.size(); ++c) {
      EXPECT_NEAR(found.mean[c], mean[c], 0.02 * std::sqrt(variance[c]));
      EXPECT_NEAR(found.variance[c] / variance[c], 1, 0.04);
    }
  };
  const Real pi = M_PI;
  // moons: x = (1 -+ ..)/2 + .., y: half of sin, half of .5 - sin.
  expect("moons", {0.5, 0.25}, {0.5 + 0.25 + 0.01, 0.5625 - 1 / pi + 0.01});
  expect("rings", {0, 0}, {0.5 * 0.5625 * 7.5 + 0.0064, 0.5 * 0.5625 * 7.5 + 0.0064});
  expect("checkerboard", {0, 0}, {16. / 3, 16. / 3});
  expect("eight_gaussians", {0, 0}, {4.125, 4.125});
  expect("torus", {0, 0, 0}, {0.5 * (4 + 0.245), 0.5 * (4 + 0.245), 0.245});
  expect("helix", {0, 0, 1}, {0.5, 0.5, 1. / 3});
}

TEST(Synthetic, RowsDoNotDependOnWhoDrawsThem) {
  for (const auto& name : SyntheticOptions::keys()) {
    SCOPED_TRACE(name);
    const SyntheticData data = set_named(name);
    const Index d = data.options().components();
    const auto whole = draw_synthetic(data, 3, 1, 101, 0, 101),
               part = draw_synthetic(data, 3, 1, 101, 40, 33);
    EXPECT_EQ(part, std::vector<Real>(whole.begin() + 40 * d, whole.begin() + 73 * d));
    EXPECT_NE(draw_synthetic(data, 3, 2, 101, 0, 101), whole);
    EXPECT_NE(draw_synthetic(data, 4, 1, 101, 0, 101), whole);
  }
}

// On the attractor, in units of its deviations.
TEST(Synthetic, LorenzIsOnItsAttractor) {
  const SetMoments found = moments_of(set_named("lorenz"), 20000);
  for (int c = 0; c < 3; ++c) {
    EXPECT_NEAR(found.mean[std::size_t(c)], 0, 0.1);
    EXPECT_NEAR(found.variance[std::size_t(c)], 1, 0.1);
  }
}

TEST(Synthetic, ALiftIsAnIsometry) {
  SyntheticData flat = set_named("moons"), lifted = flat;
  std::get<SyntheticOptions>(lifted.set).lift = 7;
  const auto x = draw_synthetic(flat, 1, 0, 50, 0, 50), y = draw_synthetic(lifted, 1, 0, 50, 0, 50);
  const auto square = [](const std::vector<Real>& v, Index d, Index i, Index j) {
    Real sum = 0;
    for (Index c = 0; c < d; ++c) sum += std::pow(v[std::size_t(i * d + c)] - v[std::size_t(j * d + c)], 2);
    return sum;
  };
  for (Index i = 0; i < 50; ++i) EXPECT_NEAR(square(x, 2, i, 0), square(y, 7, i, 0), 1e-12);
}

/// N(mean, diag(variances)) in two dimensions.
Ensemble cloud(const Communicator& comm, Index rows, Real mean, Real deviation, Index key) {
  Ensemble ensemble(comm, rows, 2, 8);
  fill_normals(ensemble.x, Random(key, Stream::initial_ensemble), ensemble.partition.first_particle(), 0);
  for (Index i = 0; i < ensemble.partition.local_particles(); ++i)
    for (Index c = 0; c < 2; ++c) ensemble.x(c, i) = mean + deviation * ensemble.x(c, i);
  return ensemble;
}

Metrics measure(const Ensemble& generated, const Ensemble& held_out, const Ensemble& training,
                const std::vector<std::string>& names) {
  GenerationMetricsOptions options;
  options.report = names;
  GenerationMetrics metrics(options, {generated, held_out, training, {}}, RunOptions());
  while (!metrics.all_done()) metrics.advance();
  return metrics.result();
}

Real named(const Metrics& metrics, const std::string& name) {
  for (const auto& [known, value] : metrics)
    if (known == name) return value;
  ADD_FAILURE() << "no metric " << name;
  return 0;
}

TEST(GenerationMetrics, CloudsOfOneLawAndOfAnother) {
  const Communicator self(MPI_COMM_SELF);
  const Ensemble training = cloud(self, 2000, 0, 1, 1), held_out = cloud(self, 2000, 0, 1, 2),
                 alike = cloud(self, 2000, 0, 1, 3), far = cloud(self, 2000, 3, 1, 4);
  const std::vector<std::string> names{"w2", "energy_distance", "frechet_pca", "nearest_neighbour",
                                       "copying"};
  const Metrics same = measure(alike, held_out, training, names),
                other = measure(far, held_out, training, names);
  EXPECT_NEAR(named(same, "w2_ratio"), 1, 0.25);
  EXPECT_NEAR(named(same, "energy_distance"), 0, 0.01);
  EXPECT_NEAR(named(same, "frechet_pca"), 0, 0.01);
  EXPECT_NEAR(named(same, "frechet_pca_floor"), 0, 0.01);
  EXPECT_NEAR(named(same, "nearest_neighbour"), 0.5, 0.03);
  EXPECT_NEAR(named(same, "copying"), 1, 0.1);
  EXPECT_NEAR(named(other, "w2"), std::sqrt(18.), 0.1);
  EXPECT_NEAR(named(other, "frechet_pca"), 18, 0.5);
  EXPECT_NEAR(named(other, "frechet_pca_floor"), 0, 0.01);
  EXPECT_GT(named(other, "nearest_neighbour"), 0.95);
  EXPECT_NEAR(named(measure(training, held_out, training, {"copying"}), "copying"), 0, 1e-12);
}

// A Gaussian with the moments of two clouds apart is far from them; with those of one cloud it is not.
TEST(GenerationMetrics, TheGaussianFitIsABaseline) {
  const Communicator self(MPI_COMM_SELF);
  const auto two = [&](Index key) {
    Ensemble both = cloud(self, 1000, 0, 0.1, key);
    for (Index i = 0; i < 1000; ++i) both.x(0, i) += i % 2 ? 1 : -1;
    return both;
  };
  const std::vector<std::string> names{"energy_distance", "energy_distance_gaussian"};
  const Metrics apart = measure(two(3), two(2), two(1), names),
                one = measure(cloud(self, 1000, 0, 1, 3), cloud(self, 1000, 0, 1, 2),
                              cloud(self, 1000, 0, 1, 1), names);
  EXPECT_NEAR(named(apart, "energy_distance"), 0, 0.01);
  EXPECT_GT(named(apart, "energy_distance_gaussian"), 0.05);
  EXPECT_NEAR(named(one, "energy_distance_gaussian"), 0, 0.01);
}

TEST(GenerationMetricsParallel, AreTheSameOnAnyNumberOfRanks) {
  const std::vector<std::string> names{"w2",          "energy_distance",   "energy_distance_gaussian",
                                       "frechet_pca", "nearest_neighbour", "copying"};
  const auto all = [&](const Communicator& comm) {
    return measure(cloud(comm, 61, 0.1, 1, 3), cloud(comm, 57, 0, 1, 2), cloud(comm, 83, 0, 1, 1), names);
  };
  EXPECT_EQ(all(Communicator()), all(Communicator(MPI_COMM_SELF)));
}

// x = 3 a u + b v of two orthonormal directions: variances 9 and 1.
TEST(PrincipalComponentsParallel, FindTheDirections) {
  const Communicator world;
  Ensemble ensemble = cloud(world, 4001, 0, 1, 9);
  for (Index i = 0; i < ensemble.partition.local_particles(); ++i) {
    const Real a = 3 * ensemble.x(0, i), b = ensemble.x(1, i);
    ensemble.x(0, i) = 0.6 * a - 0.8 * b + 5;
    ensemble.x(1, i) = 0.8 * a + 0.6 * b - 2;
  }
  const auto found = principal_components(ensemble, 1);
  EXPECT_NEAR(found.variances[0] / 9, 1, 0.1);
  EXPECT_NEAR(found.rest, 1, 0.1);
  EXPECT_NEAR(found.vectors[0], 0.6, 0.02);
  EXPECT_NEAR(found.vectors[1], 0.8, 0.02);
  EXPECT_NEAR(found.mean[0], 5, 0.2);
  const auto two = principal_components(ensemble, 2);
  const auto back = from_scores(two, scores_of(two, ensemble.x));
  for (Index i = 0; i < ensemble.partition.local_particles(); ++i)
    for (Index c = 0; c < 2; ++c) EXPECT_NEAR(back(c, i), ensemble.x(c, i), 1e-12);
}

TEST(StandardisationParallel, GivesUnitCovarianceAndComesBack) {
  const Communicator world;
  for (const std::string kind : {"true", "whiten", "false"}) {
    SCOPED_TRACE(kind);
    Ensemble ensemble = cloud(world, 501, 2, 3, 11);
    for (Index i = 0; i < ensemble.partition.local_particles(); ++i)
      ensemble.x(1, i) += 0.5 * ensemble.x(0, i);
    Ensemble before = ensemble;
    before.x = Matrix<Real>("before", 2, ensemble.partition.local_particles());
    Kokkos::deep_copy(before.x, ensemble.x);
    const Standardisation standardisation(kind, ensemble);
    standardisation.apply(ensemble.x);
    const auto moments = mean_and_covariance(ensemble);
    if (kind != "false") {
      EXPECT_NEAR(moments.mean[0], 0, 1e-12);
      EXPECT_NEAR(moments.covariance[0], 1, 1e-12);
      EXPECT_NEAR(moments.covariance[3], 1, 1e-12);
    }
    if (kind == "whiten") {
      EXPECT_NEAR(moments.covariance[1], 0, 1e-12);
    }
    standardisation.undo(ensemble.x);
    for (Index i = 0; i < ensemble.partition.local_particles(); ++i)
      for (Index c = 0; c < 2; ++c) EXPECT_NEAR(ensemble.x(c, i), before.x(c, i), 1e-12);
  }
}

/// 53 rows i, 2 i, labelled i mod 7.
FileRows labelled_file(const SharedFolder& folder) {
  std::string text;
  for (int i = 0; i < 53; ++i) text += fmt::format("{},{},{}\n", i, 2 * i, i % 7);
  FileRows file;
  file.path.path = folder.write("rows.csv", text);
  file.labels.emplace().column = "2";
  return file;
}

// What a user asks about comes back in the order in which it was asked.
TEST(GenerativeDataParallel, RowsInOrderAreThoseOfTheFile) {
  const SharedFolder folder;
  RunOptions run;
  run.tile = 8;
  const LabelledRows found = rows_in_order(labelled_file(folder), "from", Communicator(), run);
  EXPECT_EQ(found.rows.particles(), 53);
  ASSERT_TRUE(found.labels);
  for (Index i = 0; i < found.rows.partition.local_particles(); ++i) {
    const Index row = found.rows.partition.first_particle() + i;
    EXPECT_EQ(found.rows.x(0, i), Real(row));
    EXPECT_EQ(found.rows.x(1, i), Real(2 * row));
    EXPECT_EQ(found.labels->x(0, i), Real(row % 7));
  }
}

TEST(GenerativeDataParallel, AnglesAreBroughtIntoOnePeriod) {
  const SharedFolder folder;
  folder.write("angles.csv", "7,3.5\n-7,-3.5\n0.25,9\n-2.5,2.5\n2.5,-2.5\n");
  GenerativeDataOptions options;
  FileRows file;
  file.path.path = folder / "angles.csv";
  file.period = VectorValue(std::vector<Real>{5, 0});
  options.source = file;
  const Data data = make_data(options, {}, Communicator(), RunOptions(), 2);
  const std::vector<std::pair<Real, Real>> wrapped{
      {2, 3.5}, {-2, -3.5}, {0.25, 9}, {-2.5, 2.5}, {-2.5, -2.5}};
  Index found = 0;
  for (Index i = 0; i < data.train.partition.local_particles(); ++i)
    for (const auto& [x, y] : wrapped) found += data.train.x(0, i) == x && data.train.x(1, i) == y;
  EXPECT_EQ(Communicator().sum(found), 5);
}

// Rows and labels of a file are split together.
TEST(GenerativeDataParallel, LabelsStayWithTheirRows) {
  const SharedFolder folder;
  GenerativeDataOptions options;
  options.source = labelled_file(folder);
  SplitOptions split;
  split.test = 0.4;
  const Data data = make_data(options, split, Communicator(), RunOptions(), 4);
  EXPECT_EQ(data.train.particles(), 32);
  EXPECT_EQ(data.test.particles(), 21);
  ASSERT_TRUE(data.train_labels && data.test_labels);
  for (Index i = 0; i < data.train.partition.local_particles(); ++i) {
    EXPECT_EQ(data.train.x(1, i), 2 * data.train.x(0, i));
    EXPECT_EQ(data.train_labels->x(0, i), Real(Index(data.train.x(0, i)) % 7));
  }
}

}  // namespace
}  // namespace weir
