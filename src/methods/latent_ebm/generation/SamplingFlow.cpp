#include "methods/latent_ebm/generation/SamplingFlow.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"
#include "weir/training/ParameterBlocks.hpp"

namespace weir {

template <class T>
FixedEnergy<T>::FixedEnergy(const LatentEnergyOptions& options, const EnergyShape& shape, Index most_columns,
                            const std::vector<Real>& parameters)
    : energy(LatentEnergy<T>::make(options, shape, most_columns)), theta(in_precision<T>(parameters)) {
  WEIR_CHECK(Index(parameters.size()) == energy->parameters(), "{} parameters of {}", parameters.size(),
             energy->parameters());
}

template struct FixedEnergy<float>;
template struct FixedEnergy<double>;

namespace {

template <class T>
class Chains : public SamplingFlow {
 public:
  Chains(const LatentEnergyOptions& energy, const EnergyShape& shape, const std::vector<Real>& parameters,
         const SampledParts& parts, const SamplingOptions& options, const RestartLaw* law,
         const Communicator& comm, Index chains, const RunOptions& run, int stage)
      : comm_(comm),
        shape_(shape),
        parts_(parts),
        options_(options),
        partition_(comm, chains, run.tile),
        tile_(run.tile),
        energy_(energy, shape, partition_.tile_size(), parameters),
        basis_("Weir::SamplingFlow::basis", shape.data, parts.free_data),
        given_("Weir::SamplingFlow::given", shape.components(), partition_.local_particles()),
        v_("Weir::SamplingFlow::v", shape.components(), partition_.tile_size()),
        slope_("Weir::SamplingFlow::slope", shape.components(), partition_.tile_size()),
        energies_("Weir::SamplingFlow::energies", partition_.tile_size()) {
    const auto host = Kokkos::create_mirror_view(basis_);
    for (Index k = 0; k < parts.free_data; ++k)
      for (Index c = 0; c < shape.data; ++c)
        host(c, k) = parts.basis.empty() ? Real(c == k) : parts.basis[std::size_t(k * shape.data + c)];
    Kokkos::deep_copy(basis_, host);
    if (parts.given) Kokkos::deep_copy(given_, parts.given->x);
    std::vector<Index> sizes;
    if (parts.free_data > 0) sizes.push_back(parts.free_data);
    if (free_latents() > 0) sizes.push_back(free_latents());
    layout_ = std::make_shared<Layout>(
        comm, std::vector<Block>{{"samples", partition_, parts.free_data + free_latents(), options.rule,
                                  options.moves, sizes}});
    const bool whole = !parts.given && parts.free_data == shape.data && parts.free_latents;
    if (law && law->metropolised && whole && options.restart_share > 0)
      restart_.emplace(*law, partition_, run.seed, stage);
  }

  std::shared_ptr<const Layout> layout() const override { return layout_; }
  bool changes_state() const override { return restart_.has_value(); }
  Real temperature(const Moment&, Index) const override { return 1; }
  Real largest_temperature(Real, Real, Index) const override { return 1; }

  void begin_step(Index step, State& state) override {
    const Index move = step * options_.moves;
    if (!restart_ || move % options_.restart_every != 0) return;
    const BlockViews blocks(*layout_, state.vec());
    restart_->apply(options_.restart_share, move, 1, *energy_.energy, energy_.parameters(), blocks[0]);
  }

  void velocity(const Moment&, BlockSet, const ConstBlockViews& y, const BlockViews& v,
                const VectorRef<Real>& energies) override {
    const LocalTiles tiles = partition_.local();
    for (Index t = 0; t < tiles.tiles; ++t) {
      const Tile tile = tiles[t];
      place(tile, y[0]);
      evaluate(tile.count);
      project(tile, v[0], energies);
    }
    Kokkos::fence();
  }

  Matrix<Real> coordinates(const Ensemble& v) const override {
    const Matrix<Real> y("Weir::SamplingFlow::coordinates", parts_.free_data + free_latents(),
                         partition_.local_particles());
    WEIR_CHECK(v.partition.local_particles() == partition_.local_particles(), "{} chains of {}",
               v.partition.local_particles(), partition_.local_particles());
    fill_coordinates(v.x, y);
    return y;
  }

  Ensemble assemble(const MatrixRef<const Real>& y) override {
    Ensemble all(comm_, partition_.rows(), shape_.components(), tile_);
    const LocalTiles tiles = partition_.local();
    for (Index t = 0; t < tiles.tiles; ++t) {
      place(tiles[t], y);
      keep(tiles[t], all.x);
    }
    return all;
  }

  Ensemble denoise(const Ensemble& from, const std::vector<Real>& variances) override {
    Ensemble all(comm_, partition_.rows(), shape_.components(), tile_);
    const Vector<Real> scales("Weir::SamplingFlow::variances", shape_.data);
    const auto host = Kokkos::create_mirror_view(scales);
    std::copy(variances.begin(), variances.end(), host.data());
    Kokkos::deep_copy(scales, host);
    const LocalTiles tiles = partition_.local();
    for (Index t = 0; t < tiles.tiles; ++t) {
      take(tiles[t], from.x);
      evaluate(tiles[t].count);
      step_back(tiles[t], scales, from.x, all.x);
    }
    return all;
  }

  // Kernels, which nvcc takes in public functions only.
  void fill_coordinates(const Matrix<Real>& v, const Matrix<Real>& y) const {
    const auto basis = basis_, given = given_;
    const Index dx = shape_.data, free = parts_.free_data, latents = free_latents();
    Kokkos::parallel_for(
        "Weir::SamplingFlow::coordinates", Range(0, Index(v.extent(1))), KOKKOS_LAMBDA(Index i) {
          for (Index k = 0; k < free; ++k) {
            Real along = 0;
            for (Index c = 0; c < dx; ++c) along += basis(c, k) * (v(c, i) - given(c, i));
            y(k, i) = along;
          }
          for (Index c = 0; c < latents; ++c) y(free + c, i) = v(dx + c, i);
        });
    Kokkos::fence();
  }

  /// v = (o + B w, z) of a tile.
  void place(const Tile& tile, const MatrixRef<const Real>& y) {
    const auto v = v_;
    const auto basis = basis_, given = given_;
    const Index dx = shape_.data, dz = shape_.latent, free = parts_.free_data;
    const bool identity = parts_.basis.empty() && free == dx, latents_free = parts_.free_latents;
    Kokkos::parallel_for(
        "Weir::SamplingFlow::place", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          const Index chain = tile.first + i;
          for (Index c = 0; c < dx; ++c) {
            Real value = given(c, chain);
            if (identity)
              value += y(c, chain);
            else
              for (Index k = 0; k < free; ++k) value += basis(c, k) * y(k, chain);
            v(c, i) = T(value);
          }
          for (Index c = 0; c < dz; ++c)
            v(dx + c, i) = T(latents_free ? y(free + c, chain) : given(dx + c, chain));
        });
    Kokkos::fence();
  }

  void take(const Tile& tile, const MatrixRef<const Real>& x) {
    const auto v = v_;
    const Index d = shape_.components();
    Kokkos::parallel_for(
        "Weir::SamplingFlow::take", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < d; ++c) v(c, i) = T(x(c, tile.first + i));
        });
    Kokkos::fence();
  }

  void keep(const Tile& tile, const MatrixRef<Real>& x) {
    const auto v = v_;
    const Index d = shape_.components();
    Kokkos::parallel_for(
        "Weir::SamplingFlow::keep", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < d; ++c) x(c, tile.first + i) = Real(v(c, i));
        });
    Kokkos::fence();
  }

  /// -(B' grad_x E, grad_z E)
  void project(const Tile& tile, const MatrixRef<Real>& velocity, const VectorRef<Real>& energies) {
    const auto slope = slope_;
    const auto values = energies_;
    const auto basis = basis_;
    const Index dx = shape_.data, free = parts_.free_data, latents = free_latents();
    const bool identity = parts_.basis.empty() && free == dx, wanted = energies.data() != nullptr;
    Kokkos::parallel_for(
        "Weir::SamplingFlow::project", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          const Index chain = tile.first + i;
          for (Index k = 0; k < free; ++k) {
            Real along = identity ? Real(slope(k, i)) : Real(0);
            for (Index c = 0; c < dx && !identity; ++c) along += basis(c, k) * Real(slope(c, i));
            velocity(k, chain) = -along;
          }
          for (Index c = 0; c < latents; ++c) velocity(free + c, chain) = -Real(slope(dx + c, i));
          if (wanted) energies(chain) = Real(values(i));
        });
  }

  void step_back(const Tile& tile, const Vector<Real>& variances, const MatrixRef<const Real>& from,
                 const MatrixRef<Real>& to) {
    const auto slope = slope_;
    const Index dx = shape_.data, d = shape_.components();
    Kokkos::parallel_for(
        "Weir::SamplingFlow::step_back", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          const Index chain = tile.first + i;
          for (Index c = 0; c < d; ++c)
            to(c, chain) = from(c, chain) - (c < dx ? variances(c) * Real(slope(c, i)) : Real(0));
        });
    Kokkos::fence();
  }

 private:
  Index free_latents() const { return parts_.free_latents ? shape_.latent : 0; }
  void evaluate(Index count) {
    energy_.energy->evaluate(energy_.parameters(), first_columns(v_, count), first_columns(slope_, count),
                             VectorRef<T>(energies_.data(), std::size_t(count)));
  }

  Communicator comm_;
  EnergyShape shape_;
  SampledParts parts_;
  SamplingOptions options_;
  Partition partition_;
  Index tile_;
  FixedEnergy<T> energy_;
  Matrix<Real> basis_, given_;
  Matrix<T> v_, slope_;
  Vector<T> energies_;
  std::shared_ptr<const Layout> layout_;
  std::optional<PoolRestart<T>> restart_;
};

}  // namespace

std::unique_ptr<SamplingFlow> make_sampling_flow(const LatentEnergyOptions& energy, const EnergyShape& shape,
                                                 const std::vector<Real>& parameters,
                                                 const SampledParts& parts, const SamplingOptions& options,
                                                 const RestartLaw* law, const Communicator& comm,
                                                 Index chains, const RunOptions& run, int stage) {
  if (run.single_precision())
    return std::make_unique<Chains<float>>(energy, shape, parameters, parts, options, law, comm, chains, run,
                                           stage);
  return std::make_unique<Chains<double>>(energy, shape, parameters, parts, options, law, comm, chains, run,
                                          stage);
}

}  // namespace weir
