#include "methods/latent_diffusion/generation/PosteriorFlow.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "weir/base/Error.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/ensemble/Sample.hpp"
#include "weir/performance/StepTimer.hpp"
#include "weir/training/ParameterBlocks.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

constexpr Index pool = 2000;
constexpr Index pool_tick = 6 << 20;  // among the draws of rows

RuleOptions rule_of_task(const PosteriorTask& task) {
  if (task.drawn) {
    PreconditionedLangevinOptions langevin;
    langevin.step = task.step;
    return langevin;
  }
  ParameterRuleOptions adam;
  adam.rate = 0.03;
  adam.schedule = "cosine";
  return adam;
}

}  // namespace

Ensemble cut_for_starts(const Ensemble& rows, Index starts, const RunOptions& run) {
  return first_particles(rows, rows.particles(), std::max(Index(1), run.tile / starts));
}

template <class T>
PosteriorFlow<T>::PosteriorFlow(const DiffusionModel& model, const Ensemble& rows, const PosteriorTask& task,
                                const RunOptions& run, int stage)
    : model_(model),
      rows_(rows),
      task_(task),
      known_("Weir::PosteriorFlow::known", task.known.empty() ? 0 : model.data()),
      known_count_(task.known.empty() ? model.data() : Index(task.known.size())),
      partition_(rows.comm, rows.particles(), run.tile, task.starts),
      decoder_(model.decoder_options, model.latent(), model.data(), partition_.tile_size()),
      theta_(in_precision<T>(model.decoder.parameters)),
      mean_(in_precision<Real>(model.mean)),
      deviation_(in_precision<Real>(model.deviation)),
      x_("Weir::PosteriorFlow::x", model.latent(), partition_.tile_size()),
      force_("Weir::PosteriorFlow::force", model.latent(), partition_.tile_size()),
      y_("Weir::PosteriorFlow::y", model.data(), partition_.tile_size()) {
  WEIR_CHECK(rows.partition.tile_size() * task.starts == partition_.tile_size(), "rows in tiles of {}",
             rows.partition.tile_size());
  for (const Index c : task.known) known_(c) = true;
  if (task.drawn && model.prior) {
    score_.emplace(*model.prior_options, model.latent(), partition_.tile_size(), run.seed, stage);
    score_->standardise_by(model.mean, model.deviation);
    phi_ = in_precision<T>(model.prior->parameters);
  }
  std::vector<Block> blocks{{"latents", partition_, model.latent(), rule_of_task(task)}};
  if (task.temperatures > 0) blocks.push_back({"weights", partition_, 1, StillOptions()});
  layout_ = std::make_shared<Layout>(rows.comm, blocks);
}

template <class T>
Real PosteriorFlow<T>::power(Index step) const {
  const Real share = task_.temperatures > 0 ? Real(step) / Real(task_.temperatures) : 1;
  return share * share * share;
}

template <class T>
void PosteriorFlow<T>::begin_step(Index step, State& state) {
  if (task_.temperatures == 0) return;
  const BlockViews blocks(*layout_, state.vec());
  const LocalTiles tiles = partition_.local();
  for (Index t = 0; t < tiles.tiles; ++t) {
    compare(tiles[t], blocks[0]);
    add_weights(tiles[t], power(step + 1) - power(step), blocks[1]);
  }
}

/// weight += share log p(y_A | x)
template <class T>
void PosteriorFlow<T>::add_weights(const Tile& tile, Real share, const MatrixRef<Real>& weights) const {
  const auto losses = decoder_.losses();
  const bool gaussian = decoder_.gaussian();
  const Real variance = model_.noise * model_.noise, known = Real(known_count_);
  const Real factor = gaussian ? 0.5 / variance : 0.5,
             constant = gaussian ? 0.5 * known * std::log(2 * M_PI * variance) : 0;
  Kokkos::parallel_for(
      "Weir::PosteriorFlow::weights", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        weights(0, tile.first + i) -= share * (factor * Real(losses(i)) + constant);
      });
  Kokkos::fence();
}

template <class T>
void PosteriorFlow<T>::scale_force(Index columns, T by) const {
  const auto force = force_;
  const Index q = model_.latent();
  Kokkos::parallel_for(
      "Weir::PosteriorFlow::scale", Range(0, columns), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < q; ++c) force(c, i) *= by;
      });
  Kokkos::fence();
}

template <class T>
void PosteriorFlow<T>::velocity(const Moment& moment, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                                const VectorRef<Real>&) {
  const LocalTiles tiles = partition_.local();
  for (Index t = 0; t < tiles.tiles; ++t) {
    const auto force = first_columns(force_, tiles[t].count);
    compare(tiles[t], x[0]);
    Kokkos::deep_copy(force, T(0));
    decoder_.gradients(theta(), 1, {}, force);
    if (task_.temperatures > 0) scale_force(tiles[t].count, T(power(moment.step + 1)));
    if (score_)
      score_->add_score(VectorRef<const T>(phi_.data(), phi_.extent(0)), first_columns(x_, tiles[t].count),
                        force);
    write_velocity(tiles[t], x[0], v[0]);
  }
}

template <class T>
std::vector<Real> PosteriorFlow<T>::losses(const MatrixRef<const Real>& x) {
  std::vector<Real> all(std::size_t(partition_.local_particles()));
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), x);
  const LocalTiles tiles = partition_.local();
  const Real weight = decoder_.gaussian() ? 0.5 / (model_.noise * model_.noise) : 0.5;
  for (Index t = 0; t < tiles.tiles; ++t) {
    const Tile tile = tiles[t];
    compare(tile, x);
    const auto squares = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), decoder_.losses());
    for (Index i = 0; i < tile.count; ++i) {
      Real prior = 0;
      for (Index c = 0; c < model_.latent(); ++c) {
        const Real u =
            (host(c, tile.first + i) - model_.mean[std::size_t(c)]) / model_.deviation[std::size_t(c)];
        prior += 0.5 * u * u;
      }
      all[std::size_t(tile.first + i)] = weight * Real(squares(i)) + prior;
    }
  }
  return all;
}

template <class T>
void PosteriorFlow<T>::compare(const Tile& tile, const MatrixRef<const Real>& from) {
  const auto x = x_, y = y_;
  const auto rows = rows_.x;
  const Index q = model_.latent(), d = model_.data(), starts = task_.starts;
  Kokkos::parallel_for(
      "Weir::PosteriorFlow::gather", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < q; ++c) x(c, i) = T(from(c, tile.first + i));
        for (Index c = 0; c < d; ++c) y(c, i) = T(rows(c, (tile.first + i) / starts));
      });
  Kokkos::fence();
  decoder_.decode(theta(), first_columns(x_, tile.count));
  decoder_.compare(first_columns(y_, tile.count), T(1 / (model_.noise * model_.noise)), known_);
}

template <class T>
void PosteriorFlow<T>::write_velocity(const Tile& tile, const MatrixRef<const Real>& x,
                                      const MatrixRef<Real>& v) const {
  const auto force = force_;
  const auto mean = mean_, deviation = deviation_;
  const Index q = model_.latent();
  const Real pull = score_ ? 0 : 1;
  Kokkos::parallel_for(
      "Weir::PosteriorFlow::velocity", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < q; ++c)
          v(c, tile.first + i) =
              Real(force(c, i)) - pull * (x(c, tile.first + i) - mean(c)) / (deviation(c) * deviation(c));
      });
  Kokkos::fence();
}

template <class T>
Real seconds_in(const DiffusionModel& model, const Ensemble& rows, const PosteriorTask& task,
                const RunOptions& run) {
  PosteriorFlow<T> flow(model, rows, task, run, 0);
  Stage stage(training_steps(10000, run), flow, "generate");
  return shortest_step(stage);
}

Real seconds_of_posterior_step(const DiffusionModel& model, const PosteriorTask& task, Index count,
                               const RunOptions& run) {
  const Ensemble rows =
      cut_for_starts(Ensemble(Communicator(MPI_COMM_SELF), count, model.data(), run.tile), task.starts, run);
  return run.single_precision() ? seconds_in<float>(model, rows, task, run)
                                : seconds_in<double>(model, rows, task, run);
}

template class PosteriorFlow<float>;
template class PosteriorFlow<double>;

std::vector<Real> pool_of(const Ensemble& latents, const Ensemble& generated, Index seed) {
  const Ensemble both = side_by_side(latents, generated);
  auto drawn = sample_on(0, both, pool, seed, pool_tick);
  latents.comm.broadcast(drawn);
  return drawn;
}

void start_at_nearest(const std::vector<Real>& drawn, const PosteriorTask& task, const Ensemble& rows,
                      const MatrixRef<Real>& x) {
  const Index d = rows.components(), q = Index(x.extent(0)), count = Index(drawn.size()) / (q + d),
              found = std::min(task.starts, count);
  const auto y = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), rows.x);
  const auto to = Kokkos::create_mirror_view(x);
  std::vector<Index> compared = task.known;
  for (Index c = 0; c < d && task.known.empty(); ++c) compared.push_back(c);
  std::vector<Real> squares(std::size_t(count), 0);
  std::vector<Index> order(std::size_t(count), 0);
  for (Index row = 0; row < rows.partition.local_particles(); ++row) {
    for (Index k = 0; k < count; ++k) {
      const Real* decoded = &drawn[std::size_t(k * (q + d) + q)];
      Real square = 0;
      for (const Index c : compared) square += (decoded[c] - y(c, row)) * (decoded[c] - y(c, row));
      squares[std::size_t(k)] = square;
    }
    std::iota(order.begin(), order.end(), Index(0));
    std::partial_sort(order.begin(), order.begin() + found, order.end(), [&](Index a, Index b) {
      return squares[std::size_t(a)] != squares[std::size_t(b)]
                 ? squares[std::size_t(a)] < squares[std::size_t(b)]
                 : a < b;
    });
    for (Index k = 0; k < task.starts; ++k)
      for (Index c = 0; c < q; ++c)
        to(c, row * task.starts + k) = drawn[std::size_t(order[std::size_t(k % found)] * (q + d) + c)];
  }
  Kokkos::deep_copy(x, to);
}

}  // namespace weir
