#include "weir/networks/TileGradient.hpp"

#include <gtest/gtest.h>

#include "networks/PlainNetwork.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {
namespace {

/// The mixed derivative over 101 samples in tiles of 8, summed over `comm`.
template <class T>
std::vector<Real> gradient_of_all(const Communicator& comm, const MlpShape& shape) {
  const Index samples = 101;
  const auto x = some_columns<T>(shape.inputs, samples, 0), u = some_columns<T>(shape.inputs, samples, 1);
  const auto theta = vector_of<T>(some_parameters(shape));
  const Partition partition(comm, samples, 8);
  const LocalTiles tiles = partition.local();
  const Mlp<T> network(shape);
  MlpTape<T> tape(network, 8, Purpose::mixed);
  TileGradient<T> gradient(comm, network.parameters(), tiles.tiles);
  const Matrix<T> work("work", shape.inputs, 8);
  std::vector<Real> totals(std::size_t(network.parameters()));
  gradient(tiles.tiles, totals.data(), "the gradient", [&](Index slot, const VectorRef<T>& partial) {
    const Tile tile = tiles[slot];
    const auto part = [&](const Matrix<T>& all) {
      return MatrixRef<const T>(&all(0, tile.global), shape.inputs, tile.count);
    };
    network.input_gradient(theta, part(x), tape, MatrixRef<T>(work.data(), shape.inputs, tile.count));
    network.mixed(theta, part(u), tape, partial);
  });
  return totals;
}

TEST(TileGradientParallel, IsTheSameOnAnyNumberOfRanks) {
  for_each_network(1, [](const std::string& name, const MlpShape& shape) {
    const Communicator all, self(MPI_COMM_SELF);
    EXPECT_EQ(gradient_of_all<float>(all, shape), gradient_of_all<float>(self, shape)) << name;
    EXPECT_EQ(gradient_of_all<double>(all, shape), gradient_of_all<double>(self, shape)) << name;
  });
}

TEST(TileGradientParallel, NotFiniteIsAnErrorOnAllRanks) {
  trap_invalid_operations(false);
  const Communicator comm;
  TileGradient<float> gradient(comm, 3, 1);
  std::vector<Real> totals(3);
  try {
    gradient(1, totals.data(), "the gradient of V", [&](Index, const VectorRef<float>& partial) {
      Kokkos::deep_copy(partial, comm.is_root() ? NAN : 1.f);
    });
    ADD_FAILURE() << "nothing was thrown";
  } catch (const RunError& error) {
    EXPECT_STREQ(error.what(), "the gradient of V is not finite");
  }
  trap_invalid_operations();
}

}  // namespace
}  // namespace weir
