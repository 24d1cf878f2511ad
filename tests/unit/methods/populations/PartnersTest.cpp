// Partners drawn from couplings: their frequencies, on any number of ranks, also from a file.
#include "methods/populations/Partners.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "methods/InProcess.hpp"
#include "methods/populations/Clouds.hpp"
#include "methods/populations/Coupling.hpp"

namespace weir {
namespace {

using namespace testing_tools;

/// `each` walkers at every row of a population.
Walkers crowd(const Ensemble& population, Index each) {
  Ensemble at(population.comm, population.particles() * each, 2, 8);
  std::vector<Index> rows;
  const Index first = at.partition.first_particle();
  for (Index i = 0; i < at.partition.local_particles(); ++i) rows.push_back((first + i) / each);
  const auto places = look_up(population.comm, population.partition, population.x, rows);
  Kokkos::deep_copy(at.x, places);
  return {at, rows};
}

void expect_mean_partners(const CouplingOptions& options, Real tolerance) {
  const Communicator comm;
  const auto populations = clouds(comm, {30, 23});
  const Index each = 800;
  for (const auto at : {CoupledAt::current, CoupledAt::next}) {
    Couplings couplings(options, populations, at, false, CouplingKeeps::partners);
    while (!couplings.all_done()) couplings.advance();
    const bool forward = at == CoupledAt::current;
    const Ensemble& from = populations[forward ? 0 : 1];
    Walkers walkers = crowd(from, each);
    const Matrix<Real> start("start", 2, walkers.rows.size());
    Kokkos::deep_copy(start, walkers.at.x);
    couplings.partners(0).draw(forward ? Towards::next : Towards::previous, walkers,
                               Random(1, Stream::partners), 0);
    // Sums over each particle's walkers against the coupling's conditional mean.
    std::vector<Real> sums(std::size_t(2 * from.particles()), 0);
    const auto all = from.comm.all_gather(walkers.at.x.data(), Index(walkers.at.x.size() * sizeof(Real)));
    const auto* places = reinterpret_cast<const Real*>(all.data());
    for (Index w = 0; w < from.particles() * each; ++w)
      for (Index c = 0; c < 2; ++c) sums[std::size_t(2 * (w / each) + c)] += places[2 * w + c] / Real(each);
    const auto& coupled = couplings.result()[0];
    for (Index i = 0; i < from.partition.local_particles(); ++i) {
      const Index row = from.partition.first_particle() + i;
      const Real error = 4 * std::sqrt(coupled.variance(i) / Real(each)) + tolerance;
      for (Index c = 0; c < 2; ++c)  // displacement is y - x from either side
        EXPECT_NEAR(sums[std::size_t(2 * row + c)],
                    from.x(c, i) + (forward ? 1 : -1) * coupled.displacement(c, i), error);
    }
    for (const Index row : walkers.rows) EXPECT_LT(row, populations[forward ? 1 : 0].particles());
  }
}

TEST(PartnersParallel, ComeFromTheConditionalLaw) {
  CouplingOptions exact;
  exact.method = "network_simplex";
  exact.batch = 9;
  expect_mean_partners(exact, 1e-12);
  CouplingOptions entropic;
  entropic.method = "sinkhorn";
  entropic.epsilon = 0.2;
  expect_mean_partners(entropic, 1e-3);
  entropic.growth = GrowthOptions{0.5};
  expect_mean_partners(entropic, 1e-3);
}

TEST(PartnersParallel, ComeBackFromAFile) {
  const Communicator comm;
  const auto populations = clouds(comm, {40, 33, 38});
  for (const char* method : {"network_simplex", "sinkhorn"}) {
    CouplingOptions options;
    options.method = method;
    options.epsilon = 0.1;
    const SharedFolder folder;
    Couplings made(options, populations, CoupledAt::current, false, CouplingKeeps::partners),
        read(options, populations, CoupledAt::current, false, CouplingKeeps::partners);
    while (!made.all_done()) made.advance();
    {
      Hdf5File file(folder / "kept.h5", comm.mpi(), Hdf5File::Access::create);
      made.save(file);
      file.close();
    }
    read.restore(Hdf5File(folder / "kept.h5", comm.mpi(), Hdf5File::Access::read));
    for (std::size_t k = 0; k < 2; ++k)
      for (const auto towards : {Towards::next, Towards::previous}) {
        Walkers one = crowd(populations[towards == Towards::next ? k : k + 1], 3), other = one;
        other.at = Ensemble(comm, one.at.particles(), 2, 8);
        Kokkos::deep_copy(other.at.x, one.at.x);
        made.partners(k).draw(towards, one, Random(1, Stream::partners), 5);
        read.partners(k).draw(towards, other, Random(1, Stream::partners), 5);
        EXPECT_EQ(one.rows, other.rows);
      }
  }
}

}  // namespace
}  // namespace weir
