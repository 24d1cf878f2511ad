#include "methods/latent_diffusion/training/LatentDiffusionFlow.hpp"

#include <algorithm>
#include <cmath>

#include "methods/latent_diffusion/prior/ReverseDiffusion.hpp"
#include "weir/base/Error.hpp"
#include "weir/training/ParameterBlocks.hpp"

namespace weir {

namespace {
constexpr Real least_share = 0.01;

/// Tiles of a batch that this rank may have.
Index slots_of(const Batches& batches, const Partition& partition) {
  return std::min(batches.strata(), partition.local_tiles());
}

}  // namespace

Index rows_per_tile(const LatentDiffusionOptions& options, Index tile) {
  return std::max(Index(1), tile / options.latent.particles);
}

std::vector<Real> RunningMoments::deviation() const {
  std::vector<Real> roots;
  for (const Real one : variance) roots.push_back(std::sqrt(one));
  return roots;
}

template <class T>
LatentDiffusionFlow<T>::LatentDiffusionFlow(const LatentDiffusionOptions& options, DiffusionParts parts,
                                            const Ensemble& rows, const RunOptions& run, int stage)
    : options_(options),
      parts_(parts),
      run_(run),
      stage_(stage),
      rows_(rows),
      comm_(rows.comm),
      q_(options.latent.dimension),
      d_(rows.components()),
      latent_partition_(rows.comm, rows.particles(), run.tile, options.latent.particles),
      batches_({rows.partition.tiles()}, strata_of(options.train.batch, rows.partition.tile_size()),
               run.seed),
      active_(latent_partition_),
      likelihood_(options.decoder, q_, d_, latent_partition_.tile_size()),
      theta_(rows.comm, run.seed),
      phi_(rows.comm, run.seed),
      psi_(rows.comm, run.seed),
      has_moments_(options.prior.diffusion() && parts != DiffusionParts::without_prior),
      x_("Weir::LatentDiffusionFlow::x", q_, latent_partition_.tile_size()),
      y_("Weir::LatentDiffusionFlow::y", d_, latent_partition_.tile_size()),
      force_("Weir::LatentDiffusionFlow::force", q_, latent_partition_.tile_size()),
      loss_sum_(rows.comm, 2),
      batch_moments_(rows.comm, latent_partition_, 2 * q_),
      all_moments_(rows.comm, latent_partition_, 3 * q_) {
  WEIR_CHECK(rows.partition.tile_size() * latent_partition_.replicas() == latent_partition_.tile_size(),
             "rows in tiles of {}, latents in tiles of {}", rows.partition.tile_size(),
             latent_partition_.tile_size());
  const Index slots = slots_of(batches_, latent_partition_);
  const bool alone = parts == DiffusionParts::prior_alone;
  const RuleOptions still = StillOptions();
  std::vector<Block> blocks;
  if (options.amortised()) {
    amortised_.emplace(options.train.posterior, d_, q_, latent_partition_.tile_size(), run.seed, stage);
    psi_.add_network(amortised_->shape(), 2);
    psi_.allocate(slots);
    drawn_ = Matrix<Real>("Weir::LatentDiffusionFlow::drawn", q_, latent_partition_.local_particles());
    posterior = Index(blocks.size());
    blocks.push_back(psi_.block("posterior", alone ? still : rule_of(options.train.posterior.rule)));
  } else {
    latents = Index(blocks.size());
    blocks.push_back({"latents", latent_partition_, q_, alone ? still : rule_of(options.train.latents.rule),
                      alone ? 1 : options.train.latents.substeps});
  }
  theta_.add_parameters(options.decoder.parameters(q_, d_));
  theta_.allocate(slots);
  decoder = Index(blocks.size());
  blocks.push_back(theta_.block("decoder", alone ? still : rule_of(options.train.decoder.rule)));
  if (has_moments_) {
    score_.emplace(*options.prior.diffusion(), q_, latent_partition_.tile_size(), run.seed, stage);
    phi_.add_network(score_->shape(), 3);
    phi_.allocate(slots);
    prior = Index(blocks.size());
    blocks.push_back(phi_.block("prior", rule_of(options.train.prior.rule)));
  }
  moments = Index(blocks.size());
  blocks.push_back(parameter_block(comm_, "running", 2 * q_ + 2, still));
  layout_ = std::make_shared<Layout>(comm_, blocks);
  losses_ = Matrix<Real>("Weir::LatentDiffusionFlow::losses", 2, slots);
}

template <class T>
void LatentDiffusionFlow<T>::read_running(const MatrixRef<const Real>& local) {
  const auto all = gather_whole(comm_, (*layout_)[moments], local);
  running_.mean.assign(all.begin(), all.begin() + q_);
  running_.variance.assign(all.begin() + q_, all.begin() + 2 * q_);
  running_.noise_variance = all[std::size_t(2 * q_)];
  running_.iterations = all[std::size_t(2 * q_ + 1)];
}

template <class T>
void LatentDiffusionFlow<T>::write_running(const MatrixRef<Real>& local) const {
  std::vector<Real> all = running_.mean;
  all.insert(all.end(), running_.variance.begin(), running_.variance.end());
  all.insert(all.end(), {running_.noise_variance, running_.iterations});
  const Partition& own = (*layout_)[moments].partition;
  const auto host = Kokkos::create_mirror_view(local);
  for (Index i = 0; i < own.local_particles(); ++i) host(0, i) = all[std::size_t(own.first_particle() + i)];
  Kokkos::deep_copy(local, host);
}

template <class T>
void LatentDiffusionFlow<T>::begin_step(Index step, State& state) {
  batches_.draw(step, batch_);
  active_.select(batch_.tiles);
  const BlockViews blocks(*layout_, state.vec());
  if (read_at_ != step) read_running(blocks[moments]);
  read_at_ = step + 1;
  running_.iterations += 1;
  if (amortised_) {
    psi_.gather(blocks[posterior]);
    const ActiveTiles tiles = active_.active();
    for (Index k = 0; k < tiles.count; ++k) {
      const Tile tile = tiles[k];
      gather_rows(tile);
      amortised_->draw(psi_.network(0), y(tile.count), tile.global, step, x(tile.count));
      keep_drawn(tile);
    }
  }
  if (!has_moments_) return;
  if (options_.prior.diffusion()->standardise)
    update_moments(amortised_ ? MatrixRef<const Real>(drawn_) : MatrixRef<const Real>(blocks[latents]));
  score_->standardise_by(running_.mean, running_.deviation());
}

/// m += r (mean of the batch - m); d^2 += r (its variance about the new m - d^2); r = max(.01, 1 / iteration)
template <class T>
void LatentDiffusionFlow<T>::update_moments(const MatrixRef<const Real>& x) {
  const auto& sums = sum_batch_moments(x);
  const Real n = Real(batch_.particles_in(latent_partition_)),
             share = std::max(least_share, 1 / running_.iterations);
  for (Index c = 0; c < q_; ++c) {
    const Real mean = sums[std::size_t(2 * c)] / n;
    const Real variance = std::max(Real(0), sums[std::size_t(2 * c + 1)] / n - mean * mean);
    Real &m = running_.mean[std::size_t(c)], &v = running_.variance[std::size_t(c)];
    m += share * (mean - m);
    v += share * (variance + (mean - m) * (mean - m) - v);
    v = std::max(v, Real(1e-8));
  }
}

template <class T>
const std::vector<Real>& LatentDiffusionFlow<T>::sum_batch_moments(const MatrixRef<const Real>& x) {
  const Index q = q_;
  return batch_moments_(
      "Weir::LatentDiffusionFlow::batch_moments", "the latents of a batch", active_.active(),
      KOKKOS_LAMBDA(const Tile& tile, Real* sum) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < q; ++c) {
            sum[2 * c] += x(c, i);
            sum[2 * c + 1] += x(c, i) * x(c, i);
          }
      });
}

template <class T>
ActiveTiles LatentDiffusionFlow<T>::active(Index block) const {
  if (block == latents) return active_.active();
  return (*layout_)[block].partition.local();
}

/// Every tile of the batch goes through decoder and score once, whatever blocks ask.
template <class T>
void LatentDiffusionFlow<T>::velocity(const Moment& moment, BlockSet wanted, const ConstBlockViews& blocks,
                                      const BlockViews& v, const VectorRef<Real>&) {
  const auto wants = [&](Index block) { return block >= 0 && wanted.has(block); };
  const bool forced = wants(latents) || wants(posterior);
  const bool decodes = parts_ != DiffusionParts::prior_alone && (forced || wants(decoder));
  if (decodes) theta_.gather(blocks, decoder);
  if (score_ && (forced || wants(prior))) phi_.gather(blocks, prior);
  if (wants(posterior)) psi_.gather(blocks, posterior);
  const Index substeps = latents >= 0 ? (*layout_)[latents].substeps : 1;
  const Index tick = moment.step * substeps + (wants(latents) ? moment.substep : 0);
  const T per_particle = T(1 / Real(batch_.particles_in(latent_partition_)));
  const ActiveTiles tiles = active_.active();
  used_ = 0;
  for (Index k = 0; k < tiles.count; ++k, ++used_) {
    const Tile tile = tiles[k];
    gather_rows(tile);
    if (wants(posterior))  // the draws of begin_step once more, for their derivatives
      amortised_->draw(psi_.network(0), y(tile.count), tile.global, moment.step, x(tile.count));
    else
      gather_latents(tile, amortised_ ? MatrixRef<const Real>(drawn_) : blocks[latents]);
    clear_force(tile.count);
    if (decodes) add_decoder(used_, tile.count, forced, wants(decoder));
    if (forced || wants(prior)) add_prior(used_, tile, tick, forced, wants(prior));
    if (wants(latents)) {
      write_force(tile, v[latents]);
      if (options_.train.catch_up && moment.substep == 0)
        add_missed_steps(tile, moment.step, missed_iterations(tile, moment.step), v[latents]);
    }
    if (!wants(posterior)) continue;
    negate_force(tile.count);
    amortised_->gradient(psi_.network(0), force(tile.count), per_particle, psi_.gradient(used_, 0));
  }
  if (wants(decoder)) theta_.sum_gradients(used_, "the gradient of the decoder's parameters", v[decoder]);
  if (wants(prior)) phi_.sum_gradients(used_, "the gradient of the prior's parameters", v[prior]);
  if (wants(posterior)) psi_.sum_gradients(used_, "the gradient of the posterior's parameters", v[posterior]);
}

template <class T>
void LatentDiffusionFlow<T>::add_decoder(Index slot, Index columns, bool forced, bool learned) {
  likelihood_.decode(theta_.network(0), x(columns));
  likelihood_.compare(y(columns), T(1 / running_.noise_variance));
  if (learned) add_losses(slot, columns, likelihood_.losses(), 0);
  likelihood_.gradients(theta_.network(0), T(1 / Real(batch_.particles_in(latent_partition_))),
                        learned ? theta_.gradient(slot, 0) : VectorRef<T>(),
                        forced ? force(columns) : MatrixRef<T>());
}

template <class T>
void LatentDiffusionFlow<T>::add_prior(Index slot, const Tile& tile, Index tick, bool forced, bool learned) {
  const Index columns = tile.count;
  if (!score_) return subtract_latents(columns);
  const DiffusionPriorOptions& options = *options_.prior.diffusion();
  const bool by_bound = options.force == "dsm";
  const T scale = T(1 / Real(batch_.particles_in(latent_partition_) * options.draws)),
          share = T(1 / Real(options.draws));
  for (Index draw = 0; draw < options.draws && (learned || by_bound); ++draw) {
    score_->draw(phi_.network(0), x(columns), tile.global, tick, draw);
    if (learned && draw == 0) add_losses(slot, columns, score_->losses(), 1);
    score_->gradients(phi_.network(0), scale, learned ? phi_.gradient(slot, 0) : VectorRef<T>(), draw > 0,
                      forced && by_bound ? force(columns) : MatrixRef<T>(), share);
  }
  if (forced && !by_bound) score_->add_score(phi_.network(0), x(columns), force(columns));
}

/// Means of the last iteration: of the decoder's losses a component of the data, of the prior's a component
/// of the latents.
template <class T>
typename LatentDiffusionFlow<T>::MeanLosses LatentDiffusionFlow<T>::mean_losses() {
  Real sums[2];
  loss_sum_(MatrixRef<const Real>(losses_.data(), 2, std::size_t(used_)), sums, "the mean of the losses");
  const Real n = Real(batch_.particles_in(latent_partition_));
  return !batch_.tiles.empty() ? MeanLosses{sums[0] / (n * Real(d_)), sums[1] / (n * Real(q_))}
                               : MeanLosses{0, 0};
}

/// The noise follows the residuals where it is learned.
template <class T>
void LatentDiffusionFlow<T>::end_step(Index, State& state) {
  if (options_.decoder.noise.is_word() && parts_ != DiffusionParts::prior_alone) {
    const Real share = std::max(least_share, 1 / running_.iterations);
    running_.noise_variance =
        std::max(least_noise_variance,
                 running_.noise_variance + share * (mean_losses().decoder - running_.noise_variance));
  }
  const BlockViews blocks(*layout_, state.vec());
  write_running(blocks[moments]);
}

template <class T>
void LatentDiffusionFlow<T>::gather_rows(const Tile& tile) {
  const auto rows = rows_.x;
  const auto y = y_;
  const Index d = d_, replicas = latent_partition_.replicas();
  Kokkos::parallel_for(
      "Weir::LatentDiffusionFlow::rows", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) y(c, i) = T(rows(c, (tile.first + i) / replicas));
      });
  Kokkos::fence();
}

template <class T>
void LatentDiffusionFlow<T>::gather_latents(const Tile& tile, const MatrixRef<const Real>& from) {
  const auto x = x_;
  const Index q = q_;
  Kokkos::parallel_for(
      "Weir::LatentDiffusionFlow::latents", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < q; ++c) x(c, i) = T(from(c, tile.first + i));
      });
  Kokkos::fence();
}

template <class T>
void LatentDiffusionFlow<T>::keep_drawn(const Tile& tile) {
  const auto x = x_;
  const auto drawn = drawn_;
  const Index q = q_;
  Kokkos::parallel_for(
      "Weir::LatentDiffusionFlow::drawn", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < q; ++c) drawn(c, tile.first + i) = Real(x(c, i));
      });
  Kokkos::fence();
}

template <class T>
void LatentDiffusionFlow<T>::clear_force(Index columns) const {
  Kokkos::deep_copy(force(columns), T(0));
}

template <class T>
void LatentDiffusionFlow<T>::write_force(const Tile& tile, const MatrixRef<Real>& v) const {
  const auto force = force_;
  const Index q = q_;
  Kokkos::parallel_for(
      "Weir::LatentDiffusionFlow::force", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < q; ++c) v(c, tile.first + i) = Real(force(c, i));
      });
  Kokkos::fence();
}

/// Every tile comes once an epoch: its iteration in the epoch before is found once for all tiles.
template <class T>
Index LatentDiffusionFlow<T>::missed_iterations(const Tile& tile, Index step) {
  const Index per_epoch = batches_.per_epoch(), epoch = step / per_epoch;
  if (used_epoch_ != epoch) {
    const LocalTiles own = latent_partition_.local();
    used_before_.assign(std::size_t(own.tiles), -1);
    Batches::Batch batch;
    for (Index earlier = std::max(Index(0), (epoch - 1) * per_epoch); earlier < epoch * per_epoch;
         ++earlier) {
      batches_.draw(earlier, batch);
      for (const Index used : batch.tiles)
        if (used >= own.first_tile && used < own.first_tile + own.tiles)
          used_before_[std::size_t(used - own.first_tile)] = earlier;
    }
    used_epoch_ = epoch;
  }
  return step - 1 - used_before_[std::size_t(tile.local)];
}

template <class T>
void LatentDiffusionFlow<T>::add_missed_steps(const Tile& tile, Index step, Index missed,
                                              const MatrixRef<Real>& v) const {
  const Block& block = (*layout_)[latents];
  const Real own = std::get<LangevinOptions>(block.rule).step.value_or(1 / Real(block.substeps));
  const Real more = Real(missed), amplitude = std::sqrt(2 * options_.train.temperature * more / own);
  const Random random(run_.seed, Stream::momentum_noise, stage_ * int(most_blocks + 1) + int(latents));
  const Index q = q_;
  Kokkos::parallel_for(
      "Weir::LatentDiffusionFlow::missed", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < q; ++c) {
          Real& to = v(c, tile.first + i);
          to = (1 + more) * to + amplitude * random.normal(tile.global + i, step, c);
        }
      });
  Kokkos::fence();
}

template <class T>
void LatentDiffusionFlow<T>::negate_force(Index columns) const {
  const auto force = force_;
  const Index q = q_;
  Kokkos::parallel_for(
      "Weir::LatentDiffusionFlow::negate", Range(0, columns), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < q; ++c) force(c, i) = -force(c, i);
      });
  Kokkos::fence();
}

/// The force of N(0, I).
template <class T>
void LatentDiffusionFlow<T>::subtract_latents(Index columns) const {
  const auto force = force_, x = x_;
  const Index q = q_;
  Kokkos::parallel_for(
      "Weir::LatentDiffusionFlow::gaussian", Range(0, columns), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < q; ++c) force(c, i) -= x(c, i);
      });
  Kokkos::fence();
}

template <class T>
void LatentDiffusionFlow<T>::add_losses(Index slot, Index columns, const VectorRef<const T>& losses,
                                        Index row) const {
  const auto sums = losses_;
  Kokkos::parallel_for(
      "Weir::LatentDiffusionFlow::losses", Range(0, 1), KOKKOS_LAMBDA(Index) {
        Real sum = 0;
        for (Index i = 0; i < columns; ++i) sum += Real(losses(i));
        sums(row, slot) = sum;
      });
  Kokkos::fence();
}

template <class T>
Ensemble LatentDiffusionFlow<T>::all_latents(const ConstBlockViews& blocks) const {
  Ensemble all(comm_, rows_.particles(), q_, run_.tile, latent_partition_.replicas());
  Kokkos::deep_copy(all.x, amortised_ ? MatrixRef<const Real>(drawn_) : blocks[latents]);
  return all;
}

template class LatentDiffusionFlow<float>;
template class LatentDiffusionFlow<double>;

std::unique_ptr<LatentDiffusionTraining> make_diffusion_training(const LatentDiffusionOptions& options,
                                                                 DiffusionParts parts, const Ensemble& rows,
                                                                 const RunOptions& run, int stage) {
  if (run.single_precision())
    return std::make_unique<LatentDiffusionFlow<float>>(options, parts, rows, run, stage);
  return std::make_unique<LatentDiffusionFlow<double>>(options, parts, rows, run, stage);
}

}  // namespace weir
