#include "methods/latent_diffusion/Reconstruction.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "methods/latent_diffusion/Decoder.hpp"
#include "methods/latent_diffusion/DiffusionSampling.hpp"
#include "methods/latent_diffusion/DiffusionTraining.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/ensemble/Sample.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/performance/StepTimer.hpp"
#include "weir/training/ParameterBlocks.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

constexpr Index starts = reconstruction_starts, pool = 2000, steps = 100;
constexpr Index pool_tick = 6 << 20;  // among the draws of rows

/// Held-out rows, cut so that each lies with its starts.
Ensemble cut(const Ensemble& rows, const RunOptions& run) {
  return first_particles(rows, rows.particles(), std::max(Index(1), run.tile / starts));
}

template <class T>
class ReconstructionFlow : public Flow {
 public:
  ReconstructionFlow(const DiffusionModel& model, const Ensemble& rows, const RunOptions& run)
      : model_(model),
        rows_(rows),
        partition_(rows.comm, rows.particles(), run.tile, starts),
        decoder_(model.decoder_options, model.latent(), model.data(), partition_.tile_size()),
        theta_(in_precision<T>(model.decoder.parameters)),
        mean_("Weir::Reconstruction::mean", model.latent()),
        deviation_("Weir::Reconstruction::deviation", model.latent()),
        x_("Weir::Reconstruction::x", model.latent(), partition_.tile_size()),
        force_("Weir::Reconstruction::force", model.latent(), partition_.tile_size()),
        y_("Weir::Reconstruction::y", model.data(), partition_.tile_size()) {
    WEIR_CHECK(rows.partition.tile_size() * starts == partition_.tile_size(), "rows in tiles of {}",
               rows.partition.tile_size());
    const auto m = Kokkos::create_mirror_view(mean_), d = Kokkos::create_mirror_view(deviation_);
    for (Index c = 0; c < model.latent(); ++c) {
      m(c) = model.mean[std::size_t(c)];
      d(c) = model.deviation[std::size_t(c)];
    }
    Kokkos::deep_copy(mean_, m);
    Kokkos::deep_copy(deviation_, d);
    ParameterRuleOptions adam;
    adam.rate = 0.03;
    adam.schedule = "cosine";
    layout_ = std::make_shared<Layout>(rows.comm,
                                       std::vector<Block>{{"latents", partition_, model.latent(), adam}});
  }
  std::shared_ptr<const Layout> layout() const override { return layout_; }

  void velocity(const Moment&, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>&) override {
    const LocalTiles tiles = partition_.local();
    for (Index t = 0; t < tiles.tiles; ++t) {
      compare(tiles[t], x[0]);
      Kokkos::deep_copy(first_columns(force_, tiles[t].count), T(0));
      decoder_.gradients(theta(), 1, {}, first_columns(force_, tiles[t].count));
      write_velocity(tiles[t], x[0], v[0]);
    }
  }

  /// -log p of every latent, prior included, up to a constant.
  std::vector<Real> losses(const MatrixRef<const Real>& x) {
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

  // Kernels, which nvcc takes in public functions only.
  void compare(const Tile& tile, const MatrixRef<const Real>& from) {
    const auto x = x_, y = y_;
    const auto rows = rows_.x;
    const Index q = model_.latent(), d = model_.data();
    Kokkos::parallel_for(
        "Weir::Reconstruction::gather", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < q; ++c) x(c, i) = T(from(c, tile.first + i));
          for (Index c = 0; c < d; ++c) y(c, i) = T(rows(c, (tile.first + i) / starts));
        });
    Kokkos::fence();
    decoder_.decode(theta(), first_columns(x_, tile.count));
    decoder_.compare(first_columns(y_, tile.count), T(1 / (model_.noise * model_.noise)));
  }
  void write_velocity(const Tile& tile, const MatrixRef<const Real>& x, const MatrixRef<Real>& v) const {
    const auto force = force_;
    const auto mean = mean_, deviation = deviation_;
    const Index q = model_.latent();
    Kokkos::parallel_for(
        "Weir::Reconstruction::velocity", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < q; ++c)
            v(c, tile.first + i) =
                Real(force(c, i)) - (x(c, tile.first + i) - mean(c)) / (deviation(c) * deviation(c));
        });
    Kokkos::fence();
  }

 private:
  VectorRef<const T> theta() const { return VectorRef<const T>(theta_.data(), theta_.extent(0)); }

  const DiffusionModel& model_;
  const Ensemble& rows_;
  Partition partition_;
  Decoder<T> decoder_;
  Vector<T> theta_;
  Vector<Real> mean_, deviation_;
  Matrix<T> x_, force_, y_;
  std::shared_ptr<const Layout> layout_;
};

/// Latents and what they decode to, as rows of both, on every rank.
std::vector<Real> pooled(const Ensemble& latents, const Ensemble& generated, Index seed) {
  const Ensemble both = side_by_side(latents, generated);
  auto drawn = sample_on(0, both, pool, seed, pool_tick);
  latents.comm.broadcast(drawn);
  return drawn;
}

/// Each row begins at the latents of its nearest decoded ones.
void start_at_nearest(const std::vector<Real>& drawn, Index q, const Ensemble& rows,
                      const MatrixRef<Real>& x) {
  const Index d = rows.components(), count = Index(drawn.size()) / (q + d), taken = std::min(starts, count);
  const auto y = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), rows.x);
  const auto to = Kokkos::create_mirror_view(x);
  std::vector<Real> squares(std::size_t(count), 0);
  std::vector<Index> order(std::size_t(count), 0);
  for (Index row = 0; row < rows.partition.local_particles(); ++row) {
    for (Index k = 0; k < count; ++k) {
      const Real* decoded = &drawn[std::size_t(k * (q + d) + q)];
      Real square = 0;
      for (Index c = 0; c < d; ++c) square += (decoded[c] - y(c, row)) * (decoded[c] - y(c, row));
      squares[std::size_t(k)] = square;
    }
    std::iota(order.begin(), order.end(), Index(0));
    std::partial_sort(order.begin(), order.begin() + taken, order.end(), [&](Index a, Index b) {
      return squares[std::size_t(a)] != squares[std::size_t(b)]
                 ? squares[std::size_t(a)] < squares[std::size_t(b)]
                 : a < b;
    });
    for (Index k = 0; k < starts; ++k)
      for (Index c = 0; c < q; ++c)
        to(c, row * starts + k) = drawn[std::size_t(order[std::size_t(k % taken)] * (q + d) + c)];
  }
  Kokkos::deep_copy(x, to);
}

template <class T>
std::optional<Reconstructed> reconstruct_in(const DiffusionModel& model, const Ensemble& latents,
                                            const Ensemble& generated, const Ensemble& held_out,
                                            const std::string& where, RunOutput& output,
                                            RunControl& control) {
  const RunOptions& run = output.run();
  const int number = latent_diffusion_stages().number("reconstruct");
  const Ensemble rows = cut(held_out, run);
  Ensemble best(rows.comm, rows.particles(), model.latent(), rows.partition.tile_size());
  if (const Checkpoint* from = output.restart(); from && from->standing().stage > number) {
    read_particles(from->file(), "/generated/reconstructed", best.partition, best.x);
  } else {
    ReconstructionFlow<T> flow(model, rows, run);
    SteppingOptions stepping = training_steps(steps, run);
    stepping.stage = number;
    Stage stage(stepping, flow, where + ".metrics");
    start_at_nearest(pooled(latents, generated, run.seed), model.latent(), rows,
                     BlockViews(*flow.layout(), stage.state().vec())[0]);
    output.log(fmt::format("reconstruct: {} held-out rows", rows.particles()));
    if (!control.run(stage, number, [](const Tick&) {})) return {};
    const ConstBlockViews blocks(*flow.layout(), stage.state().vec());
    const auto losses = flow.losses(blocks[0]);
    const auto all = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), blocks[0]);
    const auto to = Kokkos::create_mirror_view(best.x);
    for (Index row = 0; row < rows.partition.local_particles(); ++row) {
      const Real* own = &losses[std::size_t(row * starts)];
      const Index k = std::min_element(own, own + starts) - own;
      for (Index c = 0; c < model.latent(); ++c) to(c, row) = all(c, row * starts + k);
    }
    Kokkos::deep_copy(best.x, to);
  }
  const Ensemble decoded = decode(model, best, run);
  return Reconstructed{best, decoded, root_mean_square(decoded, rows, 0, model.data())};
}

template <class T>
Real seconds_in(const DiffusionModel& model, const Ensemble& rows, const RunOptions& run) {
  ReconstructionFlow<T> flow(model, rows, run);
  Stage stage(training_steps(10000, run), flow, "metrics");
  return shortest_step(stage);
}

}  // namespace

Real seconds_of_reconstruction_step(const DiffusionModel& model, Index count, const RunOptions& run) {
  const Ensemble rows = cut(Ensemble(Communicator(MPI_COMM_SELF), count, model.data(), run.tile), run);
  return run.single_precision() ? seconds_in<float>(model, rows, run) : seconds_in<double>(model, rows, run);
}

std::optional<Reconstructed> reconstruct(const DiffusionModel& model, const Ensemble& latents,
                                         const Ensemble& generated, const Ensemble& held_out,
                                         const std::string& where, RunOutput& output, RunControl& control) {
  if (output.run().single_precision())
    return reconstruct_in<float>(model, latents, generated, held_out, where, output, control);
  return reconstruct_in<double>(model, latents, generated, held_out, where, output, control);
}

}  // namespace weir
