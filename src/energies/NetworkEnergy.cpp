#include "weir/energies/NetworkEnergy.hpp"

#include "energies/PairInteraction.hpp"
#include "weir/base/Error.hpp"
#include "weir/networks/Mlp.hpp"

namespace weir {

namespace {

void check_network(const StoredNetwork& network, Index dimension, const std::string& where) {
  const MlpShape& shape = network.shape;
  if (shape.outputs != 1)
    throw InputError(where, fmt::format("an energy has one output, the network has {}", shape.outputs));
  if (shape.inputs != dimension + Index(shape.time))
    throw InputError(
        where, fmt::format("the network takes {} components{}, the ensemble has {}",
                           shape.inputs - Index(shape.time), shape.time ? " and a time" : "", dimension));
}

/// A network with its parameters in its own precision, and room for one tile.
template <class T>
struct TileNetwork {
  Mlp<T> network;
  Vector<T> theta;
  MlpTape<T> tape;
  Matrix<T> input, gradient, value;

  TileNetwork(const StoredNetwork& stored, Index columns)
      : network(stored.shape),
        theta("Weir::TileNetwork::theta", network.parameters()),
        tape(network, columns, Purpose::gradient),
        input("Weir::TileNetwork::input", stored.shape.inputs, columns),
        gradient("Weir::TileNetwork::gradient", stored.shape.inputs, columns),
        value("Weir::TileNetwork::value", 1, columns) {
    const Vector<Real> parameters("Weir::TileNetwork::parameters", stored.parameters.size());
    const auto host = Kokkos::create_mirror_view(parameters);
    std::copy(stored.parameters.begin(), stored.parameters.end(), host.data());
    Kokkos::deep_copy(parameters, host);
    set_parameters(parameters);
  }

  void set_parameters(const VectorRef<const Real>& parameters) {
    WEIR_CHECK(Index(parameters.extent(0)) == network.parameters(), "{} parameters of {}",
               parameters.extent(0), network.parameters());
    const auto to = theta;
    Kokkos::parallel_for(
        "Weir::TileNetwork::set_parameters", Range(0, network.parameters()),
        KOKKOS_LAMBDA(Index k) { to(k) = T(parameters(k)); });
  }

  /// input(:, i) = (x(:, first + i) - origin, t); no origin: x itself.
  void fill(const MatrixRef<const Real>& x, Index first, Index count, const T* origin, Real t) const {
    const auto to = input;
    const Index d = Index(x.extent(0));
    const bool time = network.shape().time;
    Kokkos::parallel_for(
        "Weir::TileNetwork::fill", Range(0, count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < d; ++c) to(c, i) = T(x(c, first + i)) - (origin ? origin[c] : T(0));
          if (time) to(d, i) = T(t);
        });
  }
  /// input(:, count + i) = (-input(:, i), t), i < count
  void mirror(Index space, Index count) const {
    const auto to = input;
    const Index inputs = Index(to.extent(0));
    Kokkos::parallel_for(
        "Weir::TileNetwork::mirror", Range(0, count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < inputs; ++c) to(c, count + i) = c < space ? -to(c, i) : to(c, i);
        });
  }
  void compute_values(Index count) {
    network.value(theta, first_columns(input, count), tape, first_columns(value, count));
  }
  void compute_gradients(Index count) {
    network.input_gradient(theta, first_columns(input, count), tape, first_columns(gradient, count));
  }
};

template <class T>
class NetworkPotentialOf : public NetworkPotential {
 public:
  NetworkPotentialOf(const StoredNetwork& network, Index tile_size) : work_(network, tile_size) {}

  void set_parameters(const VectorRef<const Real>& parameters) override { work_.set_parameters(parameters); }

  void add_value(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real t,
                 const VectorRef<Real>& values) const override {
    for (Index local = 0; local < tiles.tiles; ++local) {
      const Tile tile = tiles[local];
      work_.fill(x, tile.first, tile.count, nullptr, t);
      work_.compute_values(tile.count);
      const auto found = work_.value;
      Kokkos::parallel_for(
          "Weir::NetworkPotential::add_value", Range(0, tile.count),
          KOKKOS_LAMBDA(Index i) { values(tile.first + i) += Real(found(0, i)); });
    }
  }

  void add_gradient(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real t, Real factor,
                    const MatrixRef<Real>& out) const override {
    const Index d = Index(x.extent(0));
    for (Index local = 0; local < tiles.tiles; ++local) {
      const Tile tile = tiles[local];
      work_.fill(x, tile.first, tile.count, nullptr, t);
      work_.compute_gradients(tile.count);
      const auto found = work_.gradient;
      Kokkos::parallel_for(
          "Weir::NetworkPotential::add_gradient", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
            for (Index c = 0; c < d; ++c) out(c, tile.first + i) += factor * Real(found(c, i));
          });
    }
  }

 private:
  mutable TileNetwork<T> work_;  // what passes leave in it means nothing to anybody else
};

template <class T>
class NetworkInteractionOf : public NetworkInteraction {
 public:
  NetworkInteractionOf(const StoredNetwork& network, const Communicator& comm, const Partition& partition,
                       Index dimension)
      : work_(network, 2 * partition.tile_size()),
        particles_(partition.particles()),
        dimension_(dimension),
        tile_size_(partition.tile_size()),
        tiles_(partition.local()),
        blocks_(comm, partition, dimension),
        total_(comm, partition, 1),
        partial_("Weir::NetworkInteraction::partial", dimension, partition.tile_size()),
        sums_("Weir::NetworkInteraction::sums", dimension, partition.local_particles()),
        values_("Weir::NetworkInteraction::values", 1, partition.local_particles()) {}

  void set_parameters(const VectorRef<const Real>& parameters) override { work_.set_parameters(parameters); }

  void add_gradient(const MatrixRef<const Real>& x, Real t, Real factor,
                    const MatrixRef<Real>& out) override {
    sum_over_sources(x, t, sums_, [this](Index count) {
      work_.mirror(dimension_, count);
      work_.compute_gradients(2 * count);
      make_even(count);
      return work_.gradient;
    });
    add_scaled("Weir::NetworkInteraction::add", tiles_, factor / Real(particles_), sums_, out);
  }

  /// Pairs come in both orders: no mirror images are needed.
  Real energy(const MatrixRef<const Real>& x, Real t) override {
    sum_over_sources(x, t, values_, [this](Index count) {
      work_.compute_values(count);
      return work_.value;
    });
    const auto values = values_;
    const Real sum = total_(
        "Weir::NetworkInteraction::energy", "the interaction energy",
        KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
          for (Index i = tile.first; i < tile.first + tile.count; ++i) partial[0] += values(0, i);
        })[0];
    return 0.5 * sum / (Real(particles_) * Real(particles_));
  }

  // Kernels, which nvcc takes in public functions only.
  /// grad W = (grad f(r) - grad f(-r)) / 2 in the first `count` columns
  void make_even(Index count) {
    const auto gradient = work_.gradient;
    const Index d = dimension_;
    Kokkos::parallel_for(
        "Weir::NetworkInteraction::make_even", Range(0, count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < d; ++c) gradient(c, i) = (gradient(c, i) - gradient(c, count + i)) / 2;
        });
  }
  /// partial_ = values, or is added to.
  void add_source(const Matrix<T>& values, Index rows, Index count, bool start) {
    const auto partial = partial_;
    Kokkos::parallel_for(
        "Weir::NetworkInteraction::add_source", Range(0, count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < rows; ++c) partial(c, i) = (start ? T(0) : partial(c, i)) + values(c, i);
        });
  }
  void add_partial(const Tile& tile, const Matrix<Real>& sums) {
    const auto partial = partial_;
    const Index rows = Index(sums.extent(0)), first = tile.first;
    Kokkos::parallel_for(
        "Weir::NetworkInteraction::add_tile", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < rows; ++c) sums(c, first + i) += Real(partial(c, i));
        });
  }

 private:
  /// sums(:, i) = sum over sources y_j of what `compute` finds for x_i - y_j: its first rows.
  template <class Compute>
  void sum_over_sources(const MatrixRef<const Real>& x, Real t, const Matrix<Real>& sums, Compute compute) {
    Kokkos::deep_copy(sums, 0);
    if (blocks_.count() > 0) blocks_.post(0, x, {});
    for (Index b = 0; b < blocks_.count(); ++b) {
      const VectorRef<const T> block = blocks_.arrive(b);
      if (b + 1 < blocks_.count()) blocks_.post(b + 1, x, {});
      for (Index local = 0; local < tiles_.tiles; ++local) {
        for (Index first = 0; first < blocks_[b].sources; first += tile_size_) {
          const Index last = std::min(first + tile_size_, blocks_[b].sources);
          add_source_tile(x, t, tiles_[local], block.data() + first * dimension_, last - first, sums,
                          compute);
          blocks_.progress();
        }
      }
    }
    Kokkos::fence();
  }
  template <class Compute>
  void add_source_tile(const MatrixRef<const Real>& x, Real t, const Tile& tile, const T* sources,
                       Index count, const Matrix<Real>& sums, Compute compute) {
    for (Index j = 0; j < count; ++j) {
      work_.fill(x, tile.first, tile.count, sources + j * dimension_, t);
      add_source(compute(tile.count), Index(sums.extent(0)), tile.count, j == 0);
    }
    add_partial(tile, sums);
  }

  TileNetwork<T> work_;
  Index particles_, dimension_, tile_size_;
  LocalTiles tiles_;
  SourceBlocks<T> blocks_;
  TileSum total_;
  Matrix<T> partial_;
  Matrix<Real> sums_, values_;
};

}  // namespace

std::unique_ptr<NetworkPotential> make_network_potential(const StoredNetwork& network, Index dimension,
                                                         Index tile_size, bool single,
                                                         const std::string& where) {
  check_network(network, dimension, where);
  if (single) return std::make_unique<NetworkPotentialOf<float>>(network, tile_size);
  return std::make_unique<NetworkPotentialOf<double>>(network, tile_size);
}

std::unique_ptr<NetworkInteraction> make_network_interaction(const StoredNetwork& network,
                                                             const Communicator& comm,
                                                             const Partition& partition, Index dimension,
                                                             bool single, const std::string& where) {
  check_network(network, dimension, where);
  if (single) return std::make_unique<NetworkInteractionOf<float>>(network, comm, partition, dimension);
  return std::make_unique<NetworkInteractionOf<double>>(network, comm, partition, dimension);
}

}  // namespace weir
