// Named functionals as pair interactions, in Packs, against plain loops over single numbers.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "base/Lanes.hpp"
#include "energies/PairInteraction.hpp"
#include "weir/energies/Functionals.hpp"
#include "weir/energies/Interaction.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

Ensemble drawn(const Communicator& comm, Index particles, Index components, Real spread) {
  Ensemble ensemble(comm, particles, components, 64);
  fill_normals(ensemble.x, Random(5, Stream::initial_ensemble), ensemble.partition.first_particle(), 0);
  for (Index i = 0; i < ensemble.partition.local_particles(); ++i)
    for (Index c = 0; c < components; ++c) ensemble.x(c, i) *= spread;
  return ensemble;
}

struct PlainSums {
  std::vector<Real> gradient, size;  // d x n: the mean over sources, and that of |gradient|
  Real energy = 0, energy_size = 0;
};

template <class Functional>
PlainSums plain_sums(const Functional& functional, const Ensemble& whole, bool single) {
  const Index n = whole.particles(), d = whole.components();
  const auto place = [&](Index c, Index i) { return single ? Real(float(whole.x(c, i))) : whole.x(c, i); };
  PlainSums sums{std::vector<Real>(d * n), std::vector<Real>(d * n)};
  std::vector<Real> r(d), g(d);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) {
      for (Index c = 0; c < d; ++c) r[c] = place(c, i) - place(c, j), g[c] = 0;
      functional.add_gradient(int(d), r.data(), 1, g.data());
      const Real value = functional.value(int(d), r.data()) / Real(2 * n * n);
      sums.energy += value;
      sums.energy_size += std::fabs(value);
      for (Index c = 0; c < d; ++c) {
        sums.gradient[i * d + c] += g[c] / Real(n);
        sums.size[i * d + c] += std::fabs(g[c]) / Real(n);
      }
    }
  return sums;
}

template <class Functional>
void expect_plain_sums(const Functional& functional, Index n, Index d, Real spread, bool single,
                       Real tolerance) {
  const std::string name = Functional::name;
  const Communicator comm, self(MPI_COMM_SELF);
  const auto ensemble = drawn(comm, n, d, spread), whole = drawn(self, n, d, spread);
  const auto expected = plain_sums(functional, whole, single);
  const auto make = [&](const Communicator& ranks, const Partition& partition) {
    return make_interaction({FunctionalOptions{name}, name}, ranks, partition, d, single);
  };
  const auto spread_out = make(comm, ensemble.partition), alone = make(self, whole.partition);
  Matrix<Real> gradient("gradient", d, ensemble.partition.local_particles()), same("same", d, n);
  spread_out->add_gradient(ensemble.x, 0, 1, gradient);
  alone->add_gradient(whole.x, 0, 1, same);
  for (Index local = 0; local < ensemble.partition.local_particles(); ++local)
    for (Index c = 0; c < d; ++c) {
      const Index i = ensemble.partition.first_particle() + local;
      EXPECT_EQ(gradient(c, local), same(c, i)) << name;
      EXPECT_NEAR(gradient(c, local), expected.gradient[i * d + c],
                  tolerance * (1 + expected.size[i * d + c]))
          << name << " of " << n << " in " << d;
    }
  const Real energy = spread_out->energy(ensemble.x, 0);
  EXPECT_EQ(energy, alone->energy(whole.x, 0)) << name;
  EXPECT_NEAR(energy, expected.energy, tolerance * (1 + expected.energy_size)) << name;
}

TEST(FunctionalPairsParallel, AreSumsOverPairs) {
  for (const Index n : {1, 7, 65, 131})
    for (const Index d : {2, 3, 5})
      std::apply(
          [&](auto... functional) {
            (expect_plain_sums(functional, n, d, 1, false, 1e-12), ...);
            (expect_plain_sums(functional, n, d, 1, true, 3e-5), ...);
          },
          functionals::All());
}

// Far apart, where sines leave the range of the fast functions in some of the lanes, and exponentials end.
TEST(FunctionalPairsParallel, AreSumsOverPairsFarApart) {
  std::apply([&](auto... functional) { (expect_plain_sums(functional, 65, 2, 300, false, 1e-11), ...); },
             functionals::All());
}

TEST(FunctionalPairs, OfOneDimensionAreSumsOverPairs) {
  std::apply(
      [&](auto... functional) {
        ((functional.least_dimension == 1 ? expect_plain_sums(functional, 65, 1, 1, false, 1e-12) : void()),
         ...);
      },
      functionals::All());
}

/// The gradient at a point that is in one lane, others in the rest.
template <class T, class Functional>
std::vector<T> in_lane(const Functional& functional, const std::vector<T>& point, int lane, T others) {
  const int d = int(point.size());
  std::vector<HostLanes<T>> v(d), g(d, HostLanes<T>(T(0)));
  T lanes[lane_count<T>];
  for (int c = 0; c < d; ++c) {
    for (int other = 0; other < lane_count<T>; ++other) lanes[other] = other == lane ? point[c] : others;
    v[c] = load_lanes<T>(lanes);
  }
  functional.add_gradient(d, v.data(), 1, g.data());
  std::vector<T> found(d);
  for (int c = 0; c < d; ++c) {
    store(g[c], lanes);
    found[c] = lanes[lane];
  }
  return found;
}

template <class T, class Functional>
void expect_lanes_alike(const Functional& functional) {
  std::vector<std::vector<T>> points{
      {0, 0}, {T(0.3), T(-1.7), T(2.2)}, {T(-5), T(-5)}, {T(7), T(7.5), 0, T(1e-20)}};
  // Beyond the fast functions; holder_table, an exponential of the distance, is not finite there.
  constexpr bool bounded = !std::is_same<Functional, functionals::HolderTable>::value;
  if (bounded) points.push_back({T(4e4), T(-3e6)});
  for (const auto& point : points)
    for (const T others : {T(0.5), T(bounded ? 2e6 : 20)}) {
      const auto first = in_lane(functional, point, 0, others);
      for (int lane = 0; lane < lane_count<T>; ++lane)
        EXPECT_EQ(first, in_lane(functional, point, lane, T(-1))) << Functional::name;
    }
}

TEST(FunctionalPairs, ALaneDoesNotDependOnItsNeighbours) {
  std::apply(
      [&](auto... functional) {
        (expect_lanes_alike<float>(functional), ...);
        (expect_lanes_alike<double>(functional), ...);
      },
      functionals::All());
}

TEST(FunctionalPairs, KinksHaveTheSubgradientZero) {
  using Slopes = std::vector<double>;
  for (const int lane : {0, 3, 7}) {
    EXPECT_EQ(in_lane(functionals::Relu(), {0., -1., 1.}, lane, 2.), (Slopes{0, 0, -50}));
    EXPECT_EQ(in_lane(functionals::HolderTable(), {0., 0.}, lane, 2.), (Slopes{0, 0}));
    EXPECT_EQ(in_lane(functionals::Rotational(), {-5., -5.}, lane, 2.), (Slopes{0, 0}));
    EXPECT_EQ(in_lane(functionals::Flowers(), {0.}, lane, 2.), (Slopes{1}));
  }
}

}  // namespace
}  // namespace weir
