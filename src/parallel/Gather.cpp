#include "weir/parallel/Gather.hpp"

#include <limits>

#include "weir/base/Error.hpp"

namespace weir {

Gather::Gather(const Communicator& comm, const Partition& partition, Index components)
    : comm_(comm),
      all_("Weir::Gather::all", components, partition.particles()),
      first_(partition.first_particle()),
      count_(partition.local_particles()) {
  WEIR_CHECK(Index(all_.size()) <= Index(std::numeric_limits<int>::max()), "{} numbers to gather",
             all_.size());
  for (int rank = 0; rank < comm.size(); ++rank) {
    const Index first = partition.first_particle(rank), next = partition.first_particle(rank + 1);
    offsets_.push_back(int(first * components));
    counts_.push_back(int((next - first) * components));
  }
}

const Matrix<Real>& Gather::operator()(const MatrixRef<const Real>& local) {
  Kokkos::deep_copy(Kokkos::subview(all_, Kokkos::ALL, Kokkos::pair<Index, Index>(first_, first_ + count_)),
                    local);
  Kokkos::fence();
  comm_.all_gather_in_place(all_.data(), counts_, offsets_);
  return all_;
}

}  // namespace weir
