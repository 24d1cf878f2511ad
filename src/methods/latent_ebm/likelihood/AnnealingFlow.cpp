#include "methods/latent_ebm/likelihood/AnnealingFlow.hpp"

#include <algorithm>
#include <cmath>

#include "methods/latent_ebm/EbmStages.hpp"
#include "methods/latent_ebm/generation/SamplingFlow.hpp"
#include "methods/latent_ebm/likelihood/GridLikelihood.hpp"
#include "weir/base/Error.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/parallel/Random.hpp"
#include "weir/parallel/TileSum.hpp"
#include "weir/performance/StepTimer.hpp"

namespace weir {

namespace {

/// k_c of all components of (x, z).
std::vector<Real> stiffness_of(const EbmModel& model) {
  const ConfinementOptions& confinement = model.options.confinement;
  std::vector<Real> k(std::size_t(model.shape.components()), confinement.latent);
  std::fill_n(k.begin(), model.shape.data, confinement.data);
  return k;
}

RuleOptions annealing_rule(bool joint, bool latents) {
  MalaOptions mala;
  mala.step = joint && latents ? VectorValue(std::vector<Real>{0.1, 0.1}) : VectorValue(Real(0.1));
  mala.target = 0.6;
  return mala;
}

template <class T>
class AnnealingFlow : public Flow {
 public:
  AnnealingFlow(const EbmModel& model, const AnnealingOptions& options, const Communicator& comm,
                const RunOptions& run)
      : shape_(model.shape),
        temperatures_(options.temperatures),
        joint_(!options.rows),
        chains_(comm, joint_ ? options.chains : options.rows->particles(), run.tile,
                joint_ ? 1 : options.repeats),
        energy_(model.options, model.shape, chains_.tile_size(), model.energy.parameters),
        stiffness_("Weir::AnnealingFlow::stiffness", model.shape.components()),
        rows_("Weir::AnnealingFlow::rows", model.shape.data, joint_ ? 0 : chains_.local_rows()),
        v_("Weir::AnnealingFlow::v", model.shape.components(), chains_.tile_size()),
        slope_("Weir::AnnealingFlow::slope", model.shape.components(), chains_.tile_size()),
        energies_("Weir::AnnealingFlow::energies", chains_.tile_size()) {
    const auto k = stiffness_of(model);
    const auto host = Kokkos::create_mirror_view(stiffness_);
    std::copy(k.begin(), k.end(), host.data());
    Kokkos::deep_copy(stiffness_, host);
    if (!joint_) {
      WEIR_CHECK(options.rows->partition.local_rows() == chains_.local_rows(), "rows and chains lie apart");
      Kokkos::deep_copy(rows_, options.rows->x);
    }
    const Index first = joint_ ? 0 : shape_.data, components = shape_.components() - first;
    std::vector<Index> parts;
    if (joint_ && shape_.latent > 0) parts = {shape_.data, shape_.latent};
    layout_ = std::make_shared<Layout>(
        comm, std::vector<Block>{
                  {"chains", chains_, components, annealing_rule(joint_, shape_.latent > 0), 2, parts},
                  {"log_weights", chains_, 1, StillOptions()}});
    for (Index c = first; c < shape_.components(); ++c)
      log_start_ += 0.5 * std::log(2 * M_PI / k[std::size_t(c)]);
  }

  std::shared_ptr<const Layout> layout() const override { return layout_; }
  bool changes_state() const override { return true; }
  Real temperature(const Moment&, Index block) const override { return block == 0 ? 1 : 0; }
  Real largest_temperature(Real, Real, Index block) const override { return block == 0 ? 1 : 0; }
  /// log int exp(-R)
  Real log_start() const { return log_start_; }

  void start(const BlockViews& blocks, const Random& random) {
    const Index first = joint_ ? 0 : shape_.data;
    const auto y = Kokkos::create_mirror_view(
        Matrix<Real>("Weir::AnnealingFlow::start", (*layout_)[0].components, chains_.local_particles()));
    const auto k = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), stiffness_);
    for (Index i = 0; i < chains_.local_particles(); ++i)
      for (Index c = 0; c < Index(y.extent(0)); ++c)
        y(c, i) = random.normal(chains_.first_particle() + i, 0, c) / std::sqrt(k(first + c));
    Kokkos::deep_copy(blocks[0], y);
    Kokkos::deep_copy(blocks[1], 0);
  }

  void begin_step(Index step, State& state) override {
    const Real before = share(step), now = share(step + 1);
    const BlockViews blocks(*layout_, state.vec());
    const LocalTiles tiles = chains_.local();
    for (Index t = 0; t < tiles.tiles; ++t) {
      place(tiles[t], blocks[0]);
      evaluate(tiles[t].count, false);
      add_weights(tiles[t], now - before, blocks[1]);
    }
    Kokkos::fence();
  }

  void velocity(const Moment& moment, BlockSet, const ConstBlockViews& y, const BlockViews& v,
                const VectorRef<Real>& energies) override {
    const Real b = share(moment.step + 1);
    const LocalTiles tiles = chains_.local();
    for (Index t = 0; t < tiles.tiles; ++t) {
      place(tiles[t], y[0]);
      evaluate(tiles[t].count, true);
      blend(tiles[t], b, v[0], energies);
    }
    Kokkos::fence();
  }

  // Kernels, which nvcc takes in public functions only.
  void place(const Tile& tile, const MatrixRef<const Real>& y) {
    const auto v = v_;
    const auto rows = rows_;
    const bool joint = joint_;
    const Index dx = shape_.data, dz = shape_.latent, d = shape_.components(), replicas = chains_.replicas();
    Kokkos::parallel_for(
        "Weir::AnnealingFlow::place", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          const Index chain = tile.first + i;
          if (joint) {
            for (Index c = 0; c < d; ++c) v(c, i) = T(y(c, chain));
          } else {
            for (Index c = 0; c < dx; ++c) v(c, i) = T(rows(c, chain / replicas));
            for (Index c = 0; c < dz; ++c) v(dx + c, i) = T(y(c, chain));
          }
        });
    Kokkos::fence();
  }

  /// log w += change (R - E)
  void add_weights(const Tile& tile, Real change, const MatrixRef<Real>& log_weights) const {
    const auto v = v_;
    const auto k = stiffness_;
    const auto energies = energies_;
    const Index first = joint_ ? 0 : shape_.data, d = shape_.components();
    Kokkos::parallel_for(
        "Weir::AnnealingFlow::add_weights", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          Real reference = 0;
          for (Index c = first; c < d; ++c) reference += 0.5 * k(c) * Real(v(c, i)) * Real(v(c, i));
          log_weights(0, tile.first + i) += change * (reference - Real(energies(i)));
        });
  }

  void blend(const Tile& tile, Real b, const MatrixRef<Real>& velocity,
             const VectorRef<Real>& energies) const {
    const auto v = v_, slope = slope_;
    const auto k = stiffness_;
    const auto values = energies_;
    const Index first = joint_ ? 0 : shape_.data, d = shape_.components();
    const bool wanted = energies.data() != nullptr;
    Kokkos::parallel_for(
        "Weir::AnnealingFlow::blend", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          const Index chain = tile.first + i;
          Real reference = 0;
          for (Index c = first; c < d; ++c) {
            const Real pull = k(c) * Real(v(c, i));
            reference += 0.5 * pull * Real(v(c, i));
            velocity(c - first, chain) = -(1 - b) * pull - b * Real(slope(c, i));
          }
          if (wanted) energies(chain) = (1 - b) * reference + b * Real(values(i));
        });
  }

 private:
  Real share(Index step) const {
    const Real t = std::min(Real(1), Real(step) / Real(temperatures_));
    return t * t;
  }
  void evaluate(Index count, bool slopes) {
    energy_.energy->evaluate(energy_.parameters(), first_columns(v_, count),
                             slopes ? first_columns(slope_, count) : MatrixRef<T>(),
                             VectorRef<T>(energies_.data(), std::size_t(count)));
  }

  EnergyShape shape_;
  Index temperatures_;
  bool joint_;
  Partition chains_;
  FixedEnergy<T> energy_;
  Vector<Real> stiffness_;
  Matrix<Real> rows_;
  Matrix<T> v_, slope_;
  Vector<T> energies_;
  Real log_start_ = 0;
  std::shared_ptr<const Layout> layout_;
};

/// A step a temperature.
SteppingOptions annealing_steps(Index temperatures, int stage, const RunOptions& run) {
  SteppingOptions stepping;
  stepping.end = Real(temperatures);
  stepping.step = 1;
  stepping.seed = run.seed;
  stepping.stage = stage;
  stepping.single = run.single_precision();
  stepping.order = StepOrder::in_turn;
  stepping.remedy = "the energy may not be bounded below: a larger `energy.confinement` may help";
  return stepping;
}

template <class T>
Real seconds_in(const EbmModel& model, const AnnealingOptions& options, const RunOptions& run) {
  AnnealingFlow<T> flow(model, options, Communicator(MPI_COMM_SELF), run);
  Stage stage(annealing_steps(options.temperatures, 0, run), flow, "likelihood");
  return shortest_step(stage);
}

template <class T>
std::optional<Ensemble> anneal_in(const EbmModel& model, const AnnealingOptions& options,
                                  const std::string& name, const std::string& where, RunOutput& output,
                                  RunControl& control) {
  const StageList stages = latent_ebm_stages();
  const int number = stages.number(name);
  const RunOptions& run = output.run();
  AnnealingFlow<T> flow(model, options, output.comm(), run);
  const Partition& chains = (*flow.layout())[0].partition;
  Ensemble log_weights(output.comm(), chains.rows(), 1, run.tile, chains.replicas());
  if (const Checkpoint* from = output.restart(); from && from->standing().stage > number) {
    read_particles(from->file(), "/annealed/" + name, chains, log_weights.x);
    return log_weights;
  }
  const SteppingOptions stepping = annealing_steps(options.temperatures, number, run);
  Stage stage(stepping, flow, where);
  flow.start(BlockViews(*flow.layout(), stage.state().vec()),
             Random(run.seed, Stream::annealing_start, number));
  output.log(
      fmt::format("{}: {} chains through {} temperatures", name, chains.particles(), options.temperatures));
  if (!control.run(stage, number, [](const Tick&) {})) return {};
  const ConstBlockViews blocks(*flow.layout(), stage.state().vec());
  const auto from = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), blocks[1]);
  const auto to = Kokkos::create_mirror_view(log_weights.x);
  for (Index i = 0; i < chains.local_particles(); ++i) to(0, i) = from(0, i) + flow.log_start();
  Kokkos::deep_copy(log_weights.x, to);
  return log_weights;
}

}  // namespace

std::optional<Ensemble> anneal(const EbmModel& model, const AnnealingOptions& options,
                               const std::string& stage, const std::string& where, RunOutput& output,
                               RunControl& control) {
  if (output.run().single_precision()) return anneal_in<float>(model, options, stage, where, output, control);
  return anneal_in<double>(model, options, stage, where, output, control);
}

Real seconds_of_temperature(const EbmModel& model, const AnnealingOptions& options, const RunOptions& run) {
  return run.single_precision() ? seconds_in<float>(model, options, run)
                                : seconds_in<double>(model, options, run);
}

AnnealedIntegral integral_of(const Ensemble& log_weights) {
  Ensemble doubled = log_weights;
  doubled.x = Matrix<Real>("Weir::integral_of::doubled", 1, log_weights.partition.local_particles());
  Kokkos::deep_copy(doubled.x, log_weights.x);
  const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), doubled.x);
  for (Index i = 0; i < log_weights.partition.local_particles(); ++i) x(0, i) *= 2;
  Kokkos::deep_copy(doubled.x, x);
  const Real n = Real(log_weights.particles()), sum = log_sum_exp(log_weights),
             squares = log_sum_exp(doubled);
  const Real effective = std::exp(2 * sum - squares);
  return {sum - std::log(n), std::sqrt(std::max(Real(0), 1 / effective - 1 / n)), effective};
}

AnnealedRows integrals_of_rows(const Ensemble& log_weights, Index repeats) {
  const Partition& chains = log_weights.partition;
  const auto column = [&] { return Ensemble(log_weights.comm, chains.rows(), 1, chains.tile_rows()); };
  AnnealedRows rows{column(), column(), 0};
  Ensemble variances = column();
  const auto from = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), log_weights.x);
  const auto log_value = Kokkos::create_mirror_view(rows.log_values.x);
  const auto effective = Kokkos::create_mirror_view(rows.effective_chains.x);
  const auto variance = Kokkos::create_mirror_view(variances.x);
  for (Index row = 0; row < chains.local_rows(); ++row) {
    const Real* own = &from(0, row * repeats);
    const Real largest = *std::max_element(own, own + repeats);
    Real sum = 0, squares = 0;
    for (Index k = 0; k < repeats; ++k) {
      const Real weight = std::exp(own[k] - largest);
      sum += weight;
      squares += weight * weight;
    }
    log_value(0, row) = largest + std::log(sum / Real(repeats));
    effective(0, row) = sum * sum / squares;
    variance(0, row) = std::max(Real(0), 1 / effective(0, row) - 1 / Real(repeats));
  }
  Kokkos::deep_copy(rows.log_values.x, log_value);
  Kokkos::deep_copy(rows.effective_chains.x, effective);
  Kokkos::deep_copy(variances.x, variance);
  rows.error = std::sqrt(mean_and_error(variances, chains.rows()).mean / Real(chains.rows()));
  return rows;
}

}  // namespace weir
