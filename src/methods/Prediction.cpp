#include "weir/methods/Prediction.hpp"

#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

namespace {

constexpr int most_iterations = 300;
constexpr Real fixed_point_tolerance = 1e-9;

/// The learned energy for ensembles of one partition.
FreeEnergy learned_free_energy(const LearnedEnergy& energy, const Ensemble& shape, bool single) {
  FreeEnergy free_energy({}, shape.comm, shape.partition, shape.components(), false, shape.x);
  free_energy.add(energy, shape.comm, shape.partition, single);
  return free_energy;
}

/// Solves x' = base + tau v(x') for every particle, where v is the learned velocity; v enters as v(base).
class ImplicitStep {
 public:
  ImplicitStep(FreeEnergy& energy, const Ensemble& shape) : energy_(energy), shape_(shape) {
    const Index d = shape.components(), particles = shape.partition.local_particles();
    velocity_ = Matrix<Real>("Weir::ImplicitStep::velocity", d, particles);
    residual_ = Vector<Real>("Weir::ImplicitStep::residual", particles);
    damping_ = Vector<Real>("Weir::ImplicitStep::damping", particles);
  }

  /// x: the explicit step on entry, the solution on return. Collective; returns how many particles did not
  /// converge.
  Index solve(Real t, Real tau, const Matrix<Real>& base, const Matrix<Real>& x) {
    const Matrix<Real> start("Weir::ImplicitStep::start", x.extent(0), x.extent(1));
    Kokkos::deep_copy(start, x);
    Kokkos::deep_copy(damping_, 1);
    Kokkos::deep_copy(residual_, HUGE_VAL);
    Index open = shape_.particles();
    for (int iteration = 0; iteration < most_iterations && open > 0; ++iteration) {
      energy_.velocity(t, x, velocity_);
      open = shape_.comm.sum(relax(tau, base, x));
    }
    if (open > 0) return give_up(start, x);
    return 0;
  }

 private:
  /// One sweep: x += w (base + tau v(x) - x), the damping w halved for a particle whose residual grows.
  Index relax(Real tau, const Matrix<Real>& base, const Matrix<Real>& x) {
    const auto velocity = velocity_;
    const auto residual = residual_, damping = damping_;
    const Index d = Index(x.extent(0));
    Index open = 0;
    Kokkos::parallel_reduce(
        "Weir::ImplicitStep::relax",
        Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<Index>>(0, Index(x.extent(1))),
        KOKKOS_LAMBDA(Index i, Index & found) {
          Real square = 0, size = 0;
          for (Index c = 0; c < d; ++c) {
            const Real r = base(c, i) + tau * velocity(c, i) - x(c, i);
            square += r * r;
            size += base(c, i) * base(c, i);
          }
          const Real norm = sqrt(square);
          if (norm <= fixed_point_tolerance * (1 + sqrt(size))) {
            residual(i) = 0;
            return;
          }
          ++found;
          if (!(norm < 1e6 * (1 + sqrt(size)))) {  // on its way to infinity: start again, more carefully
            for (Index c = 0; c < d; ++c) x(c, i) = base(c, i);
            damping(i) *= 0.25;
            residual(i) = HUGE_VAL;
            return;
          }
          if (!(norm < residual(i))) damping(i) *= 0.5;
          residual(i) = norm;
          for (Index c = 0; c < d; ++c) x(c, i) += damping(i) * (base(c, i) + tau * velocity(c, i) - x(c, i));
        },
        open);
    return open;
  }

  Index give_up(const Matrix<Real>& start, const Matrix<Real>& x) {
    const auto residual = residual_;
    const Index d = Index(x.extent(0));
    Index open = 0;
    Kokkos::parallel_reduce(
        "Weir::ImplicitStep::give_up",
        Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<Index>>(0, Index(x.extent(1))),
        KOKKOS_LAMBDA(Index i, Index & found) {
          if (residual(i) == 0) return;
          ++found;
          for (Index c = 0; c < d; ++c) x(c, i) = start(c, i);
        },
        open);
    return shape_.comm.sum(open);
  }

  FreeEnergy& energy_;
  const Ensemble& shape_;
  Matrix<Real> velocity_;
  Vector<Real> residual_, damping_;
};

/// x + sqrt(2 beta tau) xi
void add_noise(const Ensemble& ensemble, const Matrix<Real>& x, Real variance, Index seed, Index step) {
  if (variance <= 0) return;
  const Matrix<Real> noise("Weir::Prediction::noise", x.extent(0), x.extent(1));
  fill_normals(noise, Random(seed, Stream::prediction_noise), ensemble.partition.first_particle(), step);
  const Real amplitude = std::sqrt(variance);
  const Index d = Index(x.extent(0));
  for_each_tile(
      "Weir::Prediction::add_noise", ensemble.partition.local(), KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) x(c, i) += amplitude * noise(c, i);
      });
}

}  // namespace

Index PredictionOptions::start(Index k) const {
  while (roll_out && k > 0 && std::find(left_out.begin(), left_out.end(), k) != left_out.end()) --k;
  return k;
}

Prediction::Prediction(const PredictionOptions& options, const LearnedEnergy& energy,
                       const std::vector<Real>& times, const std::vector<Ensemble>& observed,
                       const RunOptions& run)
    : options_(options), learned_(energy), times_(times), observed_(observed), run_(run) {}

bool Prediction::all_done() const {
  return predictions_.populations.size() + 1 == times_.size();
}

const Ensemble& Prediction::start(Index k) const {
  const Index from = options_.start(k);
  return options_.roll_out && from > 0 ? predictions_.populations[from - 1] : observed_[from];
}

void Prediction::advance() {
  const Index k = Index(predictions_.populations.size());
  const Ensemble& from = start(k);
  Ensemble to(from.comm, from.particles(), from.components(), run_.tile);
  FreeEnergy free_energy = learned_free_energy(learned_, from, run_.single_precision());
  const Real t = times_[options_.start(k)], tau = times_[k + 1] - t;
  const Matrix<Real> base("Weir::Prediction::base", from.x.extent(0), from.x.extent(1)),
      velocity("Weir::Prediction::velocity", from.x.extent(0), from.x.extent(1));
  Kokkos::deep_copy(base, from.x);
  add_noise(from, base, 2 * learned_.temperature(t) * tau, run_.seed, k);
  free_energy.velocity(t, from.x, velocity);
  const auto x = to.x;
  const Index d = from.components();
  for_each_tile(
      "Weir::Prediction::step", from.partition.local(), KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) x(c, i) = base(c, i) + tau * velocity(c, i);
      });
  if (options_.implicit) unconverged_ += ImplicitStep(free_energy, from).solve(t, tau, base, to.x);
  predictions_.populations.push_back(std::move(to));
  predictions_.velocities.push_back(velocity);
}

namespace {
std::string name_of(const char* table, std::size_t k) {
  return fmt::format("/prediction/{}/{}", table, k);
}
}  // namespace

void Prediction::save(Hdf5File& file) const {
  for (std::size_t k = 0; k < predictions_.populations.size(); ++k) {
    const Partition& partition = predictions_.populations[k].partition;
    write_particles(file, name_of("populations", k), partition, predictions_.populations[k].x);
    write_particles(file, name_of("velocities", k), partition, predictions_.velocities[k]);
  }
  file.write("/prediction/unconverged", {Real(unconverged_)}, {1});
}

void Prediction::restore(const Hdf5File& file) {
  if (!file.has("/prediction/unconverged")) return;
  unconverged_ = Index(file.read("/prediction/unconverged").at(0));
  for (std::size_t k = 0; !all_done() && file.has(name_of("populations", k)); ++k) {
    const Ensemble& from = start(Index(k));
    Ensemble to(from.comm, from.particles(), from.components(), run_.tile);
    const Matrix<Real> velocity("Weir::Prediction::velocity", from.x.extent(0), from.x.extent(1));
    read_particles(file, name_of("populations", k), to.partition, to.x);
    read_particles(file, name_of("velocities", k), to.partition, velocity);
    predictions_.populations.push_back(std::move(to));
    predictions_.velocities.push_back(velocity);
  }
}

Predictions Prediction::result() const {
  Predictions predictions = predictions_;
  Index steps = 0;
  for (const Ensemble& population : predictions.populations) steps += population.particles();
  if (options_.implicit) predictions.unconverged = Real(unconverged_) / Real(steps);
  return predictions;
}

}  // namespace weir
