// Couplings made piece by piece, with an interruption between every two, are those made at once.
#include "methods/populations/Coupling.hpp"

#include <gtest/gtest.h>

#include "methods/InProcess.hpp"
#include "methods/populations/Clouds.hpp"
#include "weir/base/Hdf5File.hpp"

namespace weir {
namespace {

using namespace testing_tools;

void expect_same(const std::vector<CoupledEnsemble>& a, const std::vector<CoupledEnsemble>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t k = 0; k < a.size(); ++k) {
    EXPECT_EQ(a[k].cost, b[k].cost);
    EXPECT_EQ(a[k].gap, b[k].gap);
    EXPECT_EQ(a[k].marginal_error, b[k].marginal_error);
    EXPECT_EQ(a[k].iterations, b[k].iterations);
    EXPECT_GT(a[k].cost, 0);
    for (Index i = 0; i < Index(a[k].mass.extent(0)); ++i) {
      EXPECT_EQ(a[k].mass(i), b[k].mass(i));
      EXPECT_EQ(a[k].variance(i), b[k].variance(i));
      for (Index c = 0; c < 2; ++c) EXPECT_EQ(a[k].displacement(c, i), b[k].displacement(c, i));
    }
  }
}

void expect_restartable(const CouplingOptions& options, const std::vector<Index>& sizes, CoupledAt at,
                        Index pieces) {
  const Communicator comm;
  const SharedFolder folder;
  const auto populations = clouds(comm, sizes);
  const auto at_once = couple_populations(options, populations, at);
  Index runs = 0, done = 0;
  for (bool finished = false; !finished; ++runs) {
    Couplings couplings(options, populations, at);
    const std::string before = folder / std::to_string(runs), after = folder / std::to_string(runs + 1);
    if (runs > 0) couplings.restore(Hdf5File(before, comm.mpi(), Hdf5File::Access::read));
    EXPECT_EQ(couplings.done(), done);
    finished = couplings.advance_for(0);
    EXPECT_GT(couplings.done(), done);
    done = couplings.done();
    Hdf5File file(after, comm.mpi(), Hdf5File::Access::create);
    couplings.save(file);
    file.close();
    if (finished) expect_same(couplings.result(), at_once);
  }
  EXPECT_EQ(done, pieces);
  EXPECT_EQ(runs, options.method == "sinkhorn" ? pieces : (pieces + comm.size() - 1) / comm.size());
}

TEST(CouplingsParallel, AssignmentGoesOn) {
  CouplingOptions options;
  options.batch = 10;
  expect_restartable(options, {40, 40, 40}, CoupledAt::current, 8);
}

TEST(CouplingsParallel, NetworkSimplexGoesOn) {
  CouplingOptions options;
  options.batch = 12;
  expect_restartable(options, {40, 33, 47}, CoupledAt::next, 8);
}

TEST(CouplingsParallel, SinkhornGoesOn) {
  CouplingOptions options;
  options.method = "sinkhorn";
  options.epsilon = 0.1;
  expect_restartable(options, {40, 33, 40}, CoupledAt::current, 2);
}

}  // namespace
}  // namespace weir
