// Chains at fixed parameters: how fast they forget where they began, and that several moves a step are the
// same moves.
#include <gtest/gtest.h>

#include <cmath>

#include "methods/latent_ebm/generation/SamplingFlow.hpp"
#include "weir/ensemble/PrincipalComponents.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

constexpr Real w = 1.5, m = 0.5, deviation = 0.8;

LatentEnergyOptions linear_gaussian() {
  LatentEnergyOptions options;
  options.kind.emplace<LinearGaussianOptions>().noise = deviation;
  return options;
}

std::unique_ptr<SamplingFlow> chains_of(const SamplingOptions& options, const Communicator& comm, Index count,
                                        const RunOptions& run) {
  SampledParts parts;
  parts.free_data = 1;
  return make_sampling_flow(linear_gaussian(), {1, 1}, {w, m}, parts, options, nullptr, comm, count, run, 0);
}

/// KL of N(mean, S) from the law of E = |x - w z - m|^2 / (2 s^2) + z^2 / 2, whose Hessian is H.
struct Target {
  Real h[2][2] = {{1 / (deviation * deviation), -w / (deviation * deviation)},
                  {-w / (deviation * deviation), 1 + w* w / (deviation * deviation)}};
  Real determinant() const { return h[0][0] * h[1][1] - h[0][1] * h[1][0]; }
  Real least_eigenvalue() const {
    const Real trace = h[0][0] + h[1][1];
    return trace / 2 - std::sqrt(trace * trace / 4 - determinant());
  }
  Real divergence(const MeanAndCovariance& of) const {
    const Real d[2] = {of.mean[0] - m, of.mean[1]};
    const auto& s = of.covariance;
    Real sum = -2;
    for (int a = 0; a < 2; ++a)
      for (int b = 0; b < 2; ++b) sum += h[a][b] * (s[std::size_t(2 * a + b)] + d[a] * d[b]);
    return 0.5 * (sum - std::log(determinant() * (s[0] * s[3] - s[1] * s[2])));
  }
};

// KL(t) <= exp(-2 lambda t) KL(0), lambda the least eigenvalue of the Hessian of E.
TEST(SamplingFlow, ForgetsItsStartAtTheRateOfTheEnergy) {
  const Communicator self(MPI_COMM_SELF);
  constexpr Index count = 40000;
  constexpr Real step = 0.005;
  RunOptions run;
  LangevinOptions langevin;
  langevin.step = step;
  SamplingOptions options;
  options.rule = langevin;
  const auto flow = chains_of(options, self, count, run);
  SteppingOptions stepping;
  stepping.end = 800;
  stepping.step = 1;
  Stage stage(stepping, *flow, "generate");
  Ensemble start(self, count, 2, run.tile);
  fill_normals(start.x, Random(1, Stream::initial_ensemble), 0, 0);
  for (Index i = 0; i < count; ++i) {
    start.x(0, i) = 4 + 0.3 * start.x(0, i);
    start.x(1, i) = -3 + 2 * start.x(1, i);
  }
  Kokkos::deep_copy(BlockViews(*flow->layout(), stage.state().vec())[0], start.x);
  const Target target;
  const Real first = target.divergence(mean_and_covariance(start)), rate = 2 * target.least_eigenvalue();
  Index looked = 0;
  stage.run([&](const Tick& tick) {
    if (tick.step == 0 || tick.step % 100 != 0) return;
    const Ensemble now = flow->assemble(ConstBlockViews(*flow->layout(), stage.state().vec())[0]);
    const Real found = target.divergence(mean_and_covariance(now));
    EXPECT_LE(found, std::exp(-rate * step * Real(tick.step)) * first + 2e-3) << tick.step;
    EXPECT_GE(found, 0);
    ++looked;
  });
  EXPECT_EQ(looked, 8);
  EXPECT_GT(first, 20);
}

// With five moves a step the noise, the decisions and so the chains are those of one move a step.
TEST(SamplingFlowParallel, SeveralMovesAStepAreTheSameMoves) {
  const auto ends = [](const Communicator& comm, Index moves) {
    RunOptions run;
    run.tile = 8;
    MalaOptions mala;
    mala.step = Real(0.3);
    SamplingOptions options;
    options.rule = mala;
    options.moves = moves;
    const auto flow = chains_of(options, comm, 61, run);
    SteppingOptions stepping;
    stepping.end = 20;
    stepping.step = Real(moves);
    Stage stage(stepping, *flow, "generate");
    stage.run([](const Tick&) {});
    const ConstBlockViews blocks(*flow->layout(), stage.state().vec());
    std::vector<Real> values(blocks[0].data(), blocks[0].data() + blocks[0].size());
    const auto bytes = comm.all_gather(values.data(), Index(values.size() * sizeof(Real)));
    return std::vector<char>(bytes);
  };
  EXPECT_EQ(ends(Communicator(), 5), ends(Communicator(MPI_COMM_SELF), 1));
  EXPECT_EQ(moves_of_step(3000), 10);
  EXPECT_EQ(moves_of_step(15), 5);
  EXPECT_EQ(moves_of_step(7), 1);
}

}  // namespace
}  // namespace weir
