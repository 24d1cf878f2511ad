#include "methods/latent_ebm/training/LatentEbmFlow.hpp"

#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/training/ParameterBlocks.hpp"

namespace weir {

Index rows_per_tile(const LatentEbmOptions& options, Index tile) {
  const Index replicas = options.latent_dimension() > 0 ? options.latent.particles : 1;
  return std::max(Index(1), tile / replicas);
}

namespace {

/// The rule of the pool: where there are no latents, the steps of data alone.
RuleOptions pool_rule(const LatentEbmOptions& options) {
  RuleOptions rule = rule_of(options.train.negatives.rule);
  if (auto* mala = std::get_if<MalaOptions>(&rule); mala && options.latent_dimension() == 0)
    mala->step = Real(mala->step.values.front());
  return rule;
}

}  // namespace

template <class T>
LatentEbmFlow<T>::LatentEbmFlow(const LatentEbmOptions& options, const Ensemble& rows,
                                const std::vector<Real>& noise, const RunOptions& run, int stage)
    : options_(options),
      run_(run),
      stage_(stage),
      comm_(rows.comm),
      shape_{rows.components(), options.latent_dimension()},
      data_{rows.partition,
            Matrix<T>("Weir::LatentEbmFlow::rows", rows.components(), rows.partition.local_rows())},
      latent_partition_(rows.comm, rows.partition.rows(), run.tile,
                        shape_.latent > 0 ? options.latent.particles : 1),
      pool_partition_(rows.comm, options.train.negatives.particles, run.tile),
      batches_({rows.partition.tiles()}, strata_of(options.train.batch, rows.partition.tile_size()),
               run.seed),
      active_(latent_partition_),
      energy_(LatentEnergy<T>::make(options.energy, shape_,
                                    std::max(latent_partition_.tile_size(), pool_partition_.tile_size()))),
      theta_(rows.comm, run.seed),
      q_(rows.comm, run.seed),
      data_noise_(run.seed, Stream::data_noise, stage),
      noisy_(options.train.data_noise > 0),
      noise_("Weir::LatentEbmFlow::noise", rows.components()),
      energy_sum_(rows.comm, 2),
      correlation_sum_(rows.comm, 5 * shape_.data) {
  WEIR_CHECK(rows.partition.tile_size() * latent_partition_.replicas() == latent_partition_.tile_size(),
             "rows in tiles of {}, latents in tiles of {}", rows.partition.tile_size(),
             latent_partition_.tile_size());
  copy_rows(rows);
  const auto host_noise = Kokkos::create_mirror_view(noise_);
  std::copy(noise.begin(), noise.end(), host_noise.data());
  Kokkos::deep_copy(noise_, host_noise);
  network_ = theta_.add_network(network_shape(options.energy, shape_), 0);
  const Index own_pool = pool_partition_.local_tiles();
  const Index most_slots = std::min(batches_.strata(), latent_partition_.local_tiles()) + own_pool;
  theta_.allocate(most_slots);
  std::vector<Block> blocks;
  if (options.posterior == "amortised") {
    const Index d = shape_.data, dz = shape_.latent, most = latent_partition_.tile_size();
    amortised_.emplace(options.train.posterior, d, dz, most, run.seed, stage);
    q_.add_network(amortised_->shape(), 2);
    q_.allocate(std::min(batches_.strata(), latent_partition_.local_tiles()));
    drawn_ = Matrix<Real>("Weir::LatentEbmFlow::drawn", dz, latent_partition_.local_particles());
    x_ = Matrix<T>("Weir::LatentEbmFlow::x", d, most);
    z_ = Matrix<T>("Weir::LatentEbmFlow::z", dz, most);
    posterior = Index(blocks.size());
    blocks.push_back(q_.block("posterior", rule_of(options.train.posterior.rule)));
  } else if (shape_.latent > 0) {
    latents = Index(blocks.size());
    blocks.push_back({"latents", latent_partition_, shape_.latent, rule_of(options.train.latents.rule),
                      options.train.latents.substeps});
  }
  negatives = Index(blocks.size());
  std::vector<Index> parts{shape_.data};
  if (shape_.latent > 0) parts.push_back(shape_.latent);
  blocks.push_back({"negatives", pool_partition_, shape_.components(), pool_rule(options),
                    options.train.negatives.substeps, parts});
  parameters = Index(blocks.size());
  blocks.push_back(theta_.block("parameters", rule_of(options.train.parameters.rule)));
  layout_ = std::make_shared<Layout>(comm_, blocks);
  if (const auto& restart = options.train.negatives.restart) {
    law_ = make_restart_law(*restart, rows, shape_.latent, run.seed);
    restart_.emplace(*law_, pool_partition_, run.seed, stage);
    restart_probability_ = std::visit([](const auto& kind) { return kind.probability; }, restart->kind);
  }
  const Index tile = energy_->most_columns();
  v_ = Matrix<T>("Weir::LatentEbmFlow::v", shape_.components(), tile);
  slope_ = Matrix<T>("Weir::LatentEbmFlow::slope", shape_.components(), tile);
  energies_ = Vector<T>("Weir::LatentEbmFlow::energies", tile);
  summed_ = Matrix<Real>("Weir::LatentEbmFlow::summed", 2, most_slots);
  old_pool_ = Matrix<Real>("Weir::LatentEbmFlow::old_pool", shape_.data, pool_partition_.local_particles());
  correlations_ = Matrix<Real>("Weir::LatentEbmFlow::correlations", 5 * shape_.data, own_pool);
}

template <class T>
void LatentEbmFlow<T>::copy_rows(const Ensemble& rows) {
  const auto from = rows.x;
  const auto to = data_.x;
  const Index d = shape_.data;
  Kokkos::parallel_for(
      "Weir::LatentEbmFlow::copy_rows", Range(0, rows.partition.local_rows()), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) to(c, i) = T(from(c, i));
      });
  Kokkos::fence();
}

/// Latents are standard normal; the pool is drawn from the law of restarts, or is standard normal.
template <class T>
void LatentEbmFlow<T>::initialise(const BlockViews& blocks) const {
  if (latents >= 0)
    fill_normals(blocks[latents], Random(run_.seed, Stream::latent_start, stage_),
                 latent_partition_.first_particle(), 0);
  const Random random(run_.seed, Stream::pool_start, stage_);
  const auto pool = Kokkos::create_mirror_view(
      Matrix<Real>("Weir::LatentEbmFlow::pool", shape_.components(), pool_partition_.local_particles()));
  if (law_ && law_->metropolised) {
    for (Index i = 0; i < pool_partition_.local_particles(); ++i)
      law_->propose(random, pool_partition_.first_particle() + i, 0, &pool(0, i));
    Kokkos::deep_copy(blocks[negatives], pool);
  } else {
    fill_normals(blocks[negatives], random, pool_partition_.first_particle(), 0);
  }
  const Vector<Real> all("Weir::LatentEbmFlow::initial", theta_.count());
  initialise_energy(options_.energy, shape_, run_.seed, VectorRef<Real>(all.data(), all.extent(0)));
  write_own_part((*layout_)[parameters], all, blocks[parameters]);
  if (!amortised_) return;
  const Vector<Real> of_posterior("Weir::LatentEbmFlow::initial_posterior", q_.count());
  initialise_posterior(amortised_->shape(), run_.seed,
                       VectorRef<Real>(of_posterior.data(), of_posterior.extent(0)));
  write_own_part((*layout_)[posterior], of_posterior, blocks[posterior]);
}

template <class T>
void LatentEbmFlow<T>::begin_step(Index step, State& state) {
  step_ = step;
  batches_.draw(step, batch_);
  active_.select(batch_.tiles);
  const BlockViews blocks(*layout_, state.vec());
  remember_pool(blocks[negatives]);
  if (!restart_) return;
  theta_.gather(blocks[parameters]);
  restart_->forget();
  restart_->apply(restart_probability_, step, options_.train.temperature, *energy_, theta_.network(network_),
                  blocks[negatives]);
}

template <class T>
ActiveTiles LatentEbmFlow<T>::active(Index block) const {
  if (block == latents) return active_.active();
  return (*layout_)[block].partition.local();
}

template <class T>
void LatentEbmFlow<T>::velocity(const Moment&, BlockSet wanted, const ConstBlockViews& x, const BlockViews& v,
                                const VectorRef<Real>& energies) {
  theta_.gather(x, parameters);
  if (posterior >= 0 && wanted.has(posterior)) {
    q_.gather(x, posterior);
    fit_posterior(v[posterior]);
  }
  if (latents >= 0 && wanted.has(latents)) move_latents(x[latents], v[latents], energies);
  if (wanted.has(negatives)) move_negatives(x[negatives], v[negatives], energies);
  if (wanted.has(parameters)) ascend(x, v[parameters]);
}

template <class T>
void LatentEbmFlow<T>::move_latents(const MatrixRef<const Real>& z, const MatrixRef<Real>& v,
                                    const VectorRef<Real>& energies) {
  const ActiveTiles tiles = active_.active();
  for (Index k = 0; k < tiles.count; ++k) {
    const Tile tile = tiles[k];
    gather_data_and_latents(tile, z);
    energy_->evaluate(theta_.network(network_), columns(tile.count), first_columns(slope_, tile.count),
                      energies_of(tile.count));
    write_velocity(tile, shape_.data, v, energies);
  }
  Kokkos::fence();
}

template <class T>
void LatentEbmFlow<T>::move_negatives(const MatrixRef<const Real>& x, const MatrixRef<Real>& v,
                                      const VectorRef<Real>& energies) {
  const LocalTiles tiles = pool_partition_.local();
  for (Index t = 0; t < tiles.tiles; ++t) {
    const Tile tile = tiles[t];
    gather_pool(tile, x);
    energy_->evaluate(theta_.network(network_), columns(tile.count), first_columns(slope_, tile.count),
                      energies_of(tile.count));
    write_velocity(tile, 0, v, energies);
  }
  Kokkos::fence();
}

/// Draws z of the batch from q, and descends along the derivative of these draws.
template <class T>
void LatentEbmFlow<T>::fit_posterior(const MatrixRef<Real>& v) {
  const T weight = T(1 / Real(batch_.particles_in(latent_partition_)));
  const ActiveTiles tiles = active_.active();
  for (Index k = 0; k < tiles.count; ++k) {
    const Tile tile = tiles[k];
    gather_data_and_latents(tile, drawn_);
    copy_data(tile.count);
    amortised_->draw(q_.network(0), first_columns(x_, tile.count), tile.global, step_,
                     first_columns(z_, tile.count));
    keep_drawn(tile, false);
    energy_->evaluate(theta_.network(network_), columns(tile.count), first_columns(slope_, tile.count),
                      energies_of(tile.count));
    keep_drawn(tile, true);
    amortised_->gradient(q_.network(0), first_columns(z_, tile.count), weight, q_.gradient(k, 0));
  }
  q_.sum_gradients(tiles.count, "the gradient of the posterior's parameters", v);
}

/// x of the tile by itself.
template <class T>
void LatentEbmFlow<T>::copy_data(Index columns) const {
  const auto v = v_, x = x_;
  const Index dx = shape_.data;
  Kokkos::parallel_for(
      "Weir::LatentEbmFlow::copy_data", Range(0, columns), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < dx; ++c) x(c, i) = v(c, i);
      });
  Kokkos::fence();
}

/// What was drawn is kept and joins x in v; or, of a tile that has been evaluated, z becomes grad_z E.
template <class T>
void LatentEbmFlow<T>::keep_drawn(const Tile& tile, bool slopes) {
  const auto v = v_, z = z_, slope = slope_;
  const auto drawn = drawn_;
  const Index dx = shape_.data, dz = shape_.latent;
  Kokkos::parallel_for(
      "Weir::LatentEbmFlow::keep_drawn", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < dz; ++c) {
          if (slopes) {
            z(c, i) = slope(dx + c, i);
          } else {
            v(dx + c, i) = z(c, i);
            drawn(c, tile.first + i) = Real(z(c, i));
          }
        }
      });
  Kokkos::fence();
}

template <class T>
void LatentEbmFlow<T>::ascend(const ConstBlockViews& x, const MatrixRef<Real>& v) {
  const Index positives = batch_.particles_in(latent_partition_), pool = pool_partition_.particles();
  const T penalty = T(2 * options_.energy.magnitude_penalty / Real(positives + pool));
  const auto theta = theta_.network(network_);
  used_ = 0;
  const ActiveTiles tiles = active_.active();
  for (Index k = 0; k < tiles.count; ++k, ++used_) {
    const Tile tile = tiles[k];
    gather_data_and_latents(tile, amortised_     ? MatrixRef<const Real>(drawn_)
                                  : latents >= 0 ? x[latents]
                                                 : MatrixRef<const Real>());
    energy_->parameter_gradient(theta, columns(tile.count), T(1 / Real(positives)), penalty,
                                theta_.gradient(used_, network_), energies_of(tile.count));
    add_energies(used_, tile.count, true);
  }
  const LocalTiles own = pool_partition_.local();
  for (Index t = 0; t < own.tiles; ++t, ++used_) {
    const Tile tile = own[t];
    gather_pool(tile, x[negatives]);
    energy_->parameter_gradient(theta, columns(tile.count), T(-1 / Real(pool)), penalty,
                                theta_.gradient(used_, network_), energies_of(tile.count));
    add_energies(used_, tile.count, false);
  }
  theta_.sum_gradients(used_, "the gradient of the energy's parameters", v);
}

/// v = (x_i + noise, z_in), noise drawn by row and step.
template <class T>
void LatentEbmFlow<T>::gather_data_and_latents(const Tile& tile, const MatrixRef<const Real>& z) {
  const auto rows = data_.x;
  const auto v = v_;
  const Index dx = shape_.data, dz = shape_.latent, replicas = latent_partition_.replicas(), step = step_;
  const bool noisy = noisy_;
  const auto noise = noise_;
  const Random random = data_noise_;
  Kokkos::parallel_for(
      "Weir::LatentEbmFlow::data_and_latents", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        const Index row = (tile.first + i) / replicas, global_row = (tile.global + i) / replicas;
        for (Index c = 0; c < dx; ++c) {
          v(c, i) = rows(c, row);
          if (noisy) v(c, i) += T(noise(c) * random.normal(global_row, step, c));
        }
        for (Index c = 0; c < dz; ++c) v(dx + c, i) = T(z(c, tile.first + i));
      });
  Kokkos::fence();
}

template <class T>
void LatentEbmFlow<T>::gather_pool(const Tile& tile, const MatrixRef<const Real>& x) {
  const auto v = v_;
  const Index d = shape_.components();
  Kokkos::parallel_for(
      "Weir::LatentEbmFlow::pool", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) v(c, i) = T(x(c, tile.first + i));
      });
  Kokkos::fence();
}

/// The velocity of a block is -grad E from component `first_component` on.
template <class T>
void LatentEbmFlow<T>::write_velocity(const Tile& tile, Index first_component, const MatrixRef<Real>& v,
                                      const VectorRef<Real>& energies) const {
  const auto slope = slope_;
  const auto values = energies_;
  const bool wanted = energies.data() != nullptr;
  const Index d = Index(v.extent(0));
  Kokkos::parallel_for(
      "Weir::LatentEbmFlow::velocity", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) v(c, tile.first + i) = -Real(slope(first_component + c, i));
        if (wanted) energies(tile.first + i) = Real(values(i));
      });
}

template <class T>
void LatentEbmFlow<T>::add_energies(Index slot, Index columns, bool positive) const {
  const auto values = energies_;
  const auto summed = summed_;
  Kokkos::parallel_for(
      "Weir::LatentEbmFlow::energies", Range(0, 1), KOKKOS_LAMBDA(Index) {
        Real sum = 0;
        for (Index i = 0; i < columns; ++i) sum += Real(values(i));
        summed(0, slot) = positive ? sum : 0;
        summed(1, slot) = positive ? 0 : sum;
      });
  Kokkos::fence();
}

template <class T>
void LatentEbmFlow<T>::remember_pool(const MatrixRef<const Real>& pool) {
  const auto old = old_pool_;
  const Index d = shape_.data;
  Kokkos::parallel_for(
      "Weir::LatentEbmFlow::remember_pool", Range(0, Index(pool.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) old(c, i) = pool(c, i);
      });
  Kokkos::fence();
}

/// Mean over components of the correlation between where particles are and where they were when the step
/// began.
template <class T>
Real LatentEbmFlow<T>::correlate_pool(const MatrixRef<const Real>& pool) {
  const auto old = old_pool_, partials = correlations_;
  const Index d = shape_.data;
  for_each_tile(
      "Weir::LatentEbmFlow::correlate_pool", pool_partition_.local(), KOKKOS_LAMBDA(const Tile& tile) {
        for (Index k = 0; k < 5 * d; ++k) partials(k, tile.local) = 0;
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) {
            const Real a = old(c, i), b = pool(c, i);
            const Real terms[] = {a, b, a * a, b * b, a * b};
            for (Index k = 0; k < 5; ++k) partials(5 * c + k, tile.local) += terms[k];
          }
      });
  Kokkos::fence();
  std::vector<Real> sums(std::size_t(5 * d));
  correlation_sum_(correlations_, sums.data(), "the correlation of the pool");
  const Real n = Real(pool_partition_.particles());
  Real mean = 0;
  for (Index c = 0; c < d; ++c) {
    const Real* s = &sums[std::size_t(5 * c)];
    const Real before = s[2] / n - s[0] * s[0] / (n * n), after = s[3] / n - s[1] * s[1] / (n * n);
    const Real product = before * after;
    if (product > 0) mean += (s[4] / n - s[0] * s[1] / (n * n)) / std::sqrt(product) / Real(d);
  }
  return mean;
}

template <class T>
EbmReport LatentEbmFlow<T>::report(const ConstBlockViews& blocks) {
  EbmReport report;
  Real sums[2];
  energy_sum_(MatrixRef<const Real>(summed_.data(), 2, std::size_t(used_)), sums, "the mean energy");
  const Index positives = batch_.particles_in(latent_partition_);
  report.positive = positives > 0 ? sums[0] / Real(positives) : 0;
  report.negative = sums[1] / Real(pool_partition_.particles());
  if (restart_) {
    Index counts[2] = {restart_->accepted(), restart_->proposed()};
    comm_.sum(counts, 2);
    report.restart_acceptance = counts[1] > 0 ? Real(counts[0]) / Real(counts[1]) : 0;
  }
  report.autocorrelation = correlate_pool(blocks[negatives]);
  return report;
}

template class LatentEbmFlow<float>;
template class LatentEbmFlow<double>;

std::unique_ptr<LatentEbmTraining> make_ebm_training(const LatentEbmOptions& options, const Ensemble& rows,
                                                     const std::vector<Real>& noise, const RunOptions& run,
                                                     int stage) {
  if (run.single_precision()) return std::make_unique<LatentEbmFlow<float>>(options, rows, noise, run, stage);
  return std::make_unique<LatentEbmFlow<double>>(options, rows, noise, run, stage);
}

}  // namespace weir
