#include "weir/training/ParameterBlocks.hpp"

#include "weir/base/Error.hpp"
#include "weir/parallel/Gather.hpp"

namespace weir {

void write_own_part(const Block& block, const Vector<Real>& all, const MatrixRef<Real>& local) {
  const Partition& own = block.partition;
  WEIR_CHECK(Index(all.extent(0)) == own.particles() && block.components == 1, "{} numbers for a block of {}",
             all.extent(0), own.particles());
  const Index first = own.first_particle();
  Kokkos::deep_copy(Kokkos::subview(local, 0, Kokkos::ALL),
                    Kokkos::subview(all, Kokkos::pair<Index, Index>(first, first + own.local_particles())));
}

std::vector<Real> gather_whole(const Communicator& comm, const Block& block,
                               const MatrixRef<const Real>& local) {
  Gather gather(comm, block.partition, block.components);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), gather(local));
  return {host.data(), host.data() + host.size()};
}

}  // namespace weir
