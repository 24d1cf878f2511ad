#include "methods/learn_energies/prediction/Prediction.hpp"

#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

namespace {

constexpr int most_sweeps = 300, sweeps_of_a_piece = 10;
constexpr Real fixed_point_tolerance = 1e-9;

/// The learned energy for ensembles of one partition.
FreeEnergy learned_free_energy(const LearnedEnergy& energy, const Ensemble& shape, bool single) {
  FreeEnergy free_energy({}, shape.comm, shape.partition, shape.components(), false, shape.x);
  free_energy.add(energy, shape.comm, shape.partition, single);
  return free_energy;
}

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

/// One population's step: explicit, or x' = base + tau v(x') for every particle, where v is the learned
/// velocity; v enters as v(base).
class Prediction::PopulationStep {
 public:
  /// Takes the explicit step. Collective.
  PopulationStep(const LearnedEnergy& learned, const Ensemble& from, Real t, Real tau, Index number,
                 const PredictionOptions& options, const RunOptions& run)
      : learned_(learned),
        number_(number),
        seed_(run.seed),
        from_(from),
        energy_(learned_free_energy(learned, from, run.single_precision())),
        t_(t),
        tau_(tau),
        base_("Weir::Prediction::base", from.x.extent(0), from.x.extent(1)),
        first_velocity_("Weir::Prediction::velocity", from.x.extent(0), from.x.extent(1)),
        x_("Weir::Prediction::x", from.x.extent(0), from.x.extent(1)) {
    Kokkos::deep_copy(base_, from.x);
    if (options.steps) {
      steps_ = std::max(Index(1), Index(std::llround(tau / options.steps->step)));
      heun_ = options.steps->heun;
      velocity_ = Matrix<Real>("Weir::Prediction::sweep_velocity", from.x.extent(0), from.x.extent(1));
      energy_.velocity(t, from.x, first_velocity_);
      Kokkos::deep_copy(x_, from.x);
      return;
    }
    add_noise(from, base_, 2 * learned.temperature(t) * tau, run.seed, number);
    energy_.velocity(t, from.x, first_velocity_);
    step_explicitly(tau_, first_velocity_);
    if (options.implicit) start_sweeps();
  }

  bool over() const { return steps_ > 0 ? taken_ == steps_ : open_ == 0 || sweeps_ == most_sweeps; }
  /// Some sweeps, where there are any to make; the last takes back what has not converged.
  void advance() {
    if (steps_ > 0) return take_step();
    for (int done = 0; done < sweeps_of_a_piece && !over(); ++done) {
      energy_.velocity(t_, x_, velocity_);
      open_ = from_.comm.sum(relax());
      ++sweeps_;
    }
    if (over() && open_ > 0) open_ = give_up();
  }
  /// Particles that did not converge.
  Index unconverged() const { return open_; }
  const Matrix<Real>& x() const { return x_; }
  const Matrix<Real>& first_velocity() const { return first_velocity_; }

  void save(Hdf5File& file) const {
    if (steps_ > 0) return save_steps(file);
    const Index here = from_.partition.local_particles();
    const Matrix<Real> rest("Weir::Prediction::rest", 2, here);
    Kokkos::deep_copy(Kokkos::subview(rest, 0, Kokkos::ALL), residual_);
    Kokkos::deep_copy(Kokkos::subview(rest, 1, Kokkos::ALL), damping_);
    write_particles(file, "/prediction/open/x", from_.partition, x_);
    write_particles(file, "/prediction/open/residual_damping", from_.partition, rest);
    file.write("/prediction/open/sweeps", {Real(sweeps_), Real(open_)}, {2});
  }
  void save_steps(Hdf5File& file) const {
    write_particles(file, "/prediction/open/x", from_.partition, x_);
    file.write("/prediction/open/sweeps", {Real(taken_), 0}, {2});
  }
  void restore(const Hdf5File& file) {
    const auto numbers = file.read("/prediction/open/sweeps");
    if (steps_ > 0) {
      taken_ = Index(numbers.at(0));
      return read_particles(file, "/prediction/open/x", from_.partition, x_);
    }
    sweeps_ = int(numbers.at(0));
    open_ = Index(numbers.at(1));
    const Matrix<Real> rest("Weir::Prediction::rest", 2, from_.partition.local_particles());
    read_particles(file, "/prediction/open/x", from_.partition, x_);
    read_particles(file, "/prediction/open/residual_damping", from_.partition, rest);
    Kokkos::deep_copy(residual_, Kokkos::subview(rest, 0, Kokkos::ALL));
    Kokkos::deep_copy(damping_, Kokkos::subview(rest, 1, Kokkos::ALL));
  }

  // Kernels, which nvcc takes in public functions only.
  void step_explicitly(Real tau, const Matrix<Real>& v) {
    const auto x = x_, base = base_, velocity = v;
    const Index d = from_.components();
    for_each_tile(
        "Weir::Prediction::step", from_.partition.local(), KOKKOS_LAMBDA(const Tile& tile) {
          for (Index i = tile.first; i < tile.first + tile.count; ++i)
            for (Index c = 0; c < d; ++c) x(c, i) = base(c, i) + tau * velocity(c, i);
        });
  }
  /// x' = x + h v(x, t) + noise, or by Heun x' = x + h/2 (v(x, t) + v(x + h v(x, t) + noise, t + h)) + noise.
  void take_step() {
    const Real h = tau_ / Real(steps_), t = t_ + h * Real(taken_);
    energy_.velocity(t, x_, velocity_);
    Kokkos::deep_copy(base_, x_);
    constexpr Index apart = 1 << 20;  // draws of populations are so far apart
    add_noise(from_, base_, 2 * learned_.temperature(t) * h, seed_, apart * (number_ + 1) + taken_);
    step_explicitly(h, velocity_);
    if (heun_) {
      const Matrix<Real> first = velocity_, second = second_velocity();
      energy_.velocity(t + h, x_, second);
      average(second, first);
      step_explicitly(h, first);
    }
    ++taken_;
  }
  /// to = (to + other) / 2
  void average(const Matrix<Real>& other, const Matrix<Real>& to) {
    const Index d = from_.components();
    for_each_tile(
        "Weir::Prediction::average", from_.partition.local(), KOKKOS_LAMBDA(const Tile& tile) {
          for (Index i = tile.first; i < tile.first + tile.count; ++i)
            for (Index c = 0; c < d; ++c) to(c, i) = (to(c, i) + other(c, i)) / 2;
        });
  }
  /// One sweep: x += w (base + tau v(x) - x), the damping w halved for a particle whose residual grows.
  Index relax() {
    const auto x = x_, base = base_, velocity = velocity_;
    const auto residual = residual_, damping = damping_;
    const Index d = Index(x.extent(0));
    const Real tau = tau_;
    Index open = 0;
    Kokkos::parallel_reduce(
        "Weir::Prediction::relax", Range(0, Index(x.extent(1))),
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
  /// What has not converged takes the explicit step. Returns how many particles.
  Index give_up() {
    const auto x = x_, start = start_;
    const auto residual = residual_;
    const Index d = Index(x.extent(0));
    Index open = 0;
    Kokkos::parallel_reduce(
        "Weir::Prediction::give_up", Range(0, Index(x.extent(1))),
        KOKKOS_LAMBDA(Index i, Index & found) {
          if (residual(i) == 0) return;
          ++found;
          for (Index c = 0; c < d; ++c) x(c, i) = start(c, i);
        },
        open);
    return from_.comm.sum(open);
  }

 private:
  const Matrix<Real>& second_velocity() {
    if (second_velocity_.extent(1) != x_.extent(1))
      second_velocity_ = Matrix<Real>("Weir::Prediction::second_velocity", x_.extent(0), x_.extent(1));
    return second_velocity_;
  }
  void start_sweeps() {
    const Index d = from_.components(), here = from_.partition.local_particles();
    start_ = Matrix<Real>("Weir::Prediction::start", d, here);
    velocity_ = Matrix<Real>("Weir::Prediction::sweep_velocity", d, here);
    residual_ = Vector<Real>("Weir::Prediction::residual", here);
    damping_ = Vector<Real>("Weir::Prediction::damping", here);
    Kokkos::deep_copy(start_, x_);
    Kokkos::deep_copy(damping_, 1);
    Kokkos::deep_copy(residual_, HUGE_VAL);
    open_ = from_.particles();
  }

  const LearnedEnergy& learned_;
  Index number_, seed_;
  Index steps_ = 0, taken_ = 0;  // of equal size; 0: one step, or a fixed point
  bool heun_ = false;
  Matrix<Real> second_velocity_;
  const Ensemble& from_;
  FreeEnergy energy_;
  Real t_, tau_;
  Matrix<Real> base_, first_velocity_, x_;
  // The fixed point's: the explicit step, v at x, and of every particle |x' - x| and its damping.
  Matrix<Real> start_, velocity_;
  Vector<Real> residual_, damping_;
  int sweeps_ = 0;
  Index open_ = 0;  // particles that have not converged
};

Prediction::Prediction(const PredictionOptions& options, const LearnedEnergy& energy,
                       const std::vector<Real>& times, const std::vector<Ensemble>& observed,
                       const RunOptions& run)
    : options_(options), learned_(energy), times_(times), observed_(observed), run_(run) {}

Prediction::~Prediction() = default;

bool Prediction::all_done() const {
  return predictions_.populations.size() + 1 == times_.size();
}

std::unique_ptr<Prediction::PopulationStep> Prediction::next_step() const {
  const Index k = Index(predictions_.populations.size());
  const Real t = times_[options_.start(k)];
  return std::make_unique<PopulationStep>(learned_, start(k), t, times_[k + 1] - t, k, options_, run_);
}

void Prediction::advance() {
  if (!step_) step_ = next_step();
  step_->advance();
  if (!step_->over()) return;
  const auto step = std::move(step_);
  const Ensemble& from = start(Index(predictions_.populations.size()));
  Ensemble to(from.comm, from.particles(), from.components(), run_.tile);
  to.x = step->x();
  unconverged_ += step->unconverged();
  predictions_.velocities.push_back(step->first_velocity());
  predictions_.populations.push_back(std::move(to));
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
  if (step_) step_->save(file);
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
  if (!file.has("/prediction/open/sweeps")) return;
  step_ = next_step();
  step_->restore(file);
}

Predictions Prediction::result() const {
  Predictions predictions = predictions_;
  Index steps = 0;
  for (const Ensemble& population : predictions.populations) steps += population.particles();
  if (options_.implicit) predictions.unconverged = Real(unconverged_) / Real(steps);
  return predictions;
}

}  // namespace weir
