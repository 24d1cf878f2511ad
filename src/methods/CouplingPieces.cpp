#include "CouplingPieces.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

namespace {

/// Calls work with a transition's results on the host.
template <class Work>
void with_rows(const CoupledEnsemble& coupled, Work work) {
  work(Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), coupled.displacement),
       Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), coupled.mass),
       Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), coupled.variance));
}

}  // namespace

CouplingPieces::CouplingPieces(const std::vector<Ensemble>& populations, CoupledAt at, Index count)
    : populations_(populations),
      comm_(populations.front().comm),
      components_(populations.front().components()),
      next_(at == CoupledAt::next),
      known_(std::size_t(count)) {
  for (std::size_t k = 0; k + 1 < populations.size(); ++k) {
    const Index particles = ensemble_of(k).partition.local_particles();
    coupled_.emplace_back();
    coupled_[k].displacement = Matrix<Real>("Weir::Coupling::displacement", components_, particles);
    coupled_[k].mass = Vector<Real>("Weir::Coupling::mass", particles);
    coupled_[k].variance = Vector<Real>("Weir::Coupling::variance", particles);
  }
}

Index CouplingPieces::done() const {
  return Index(std::count_if(known_.begin(), known_.end(), [](const Known& known) { return known.done; }));
}

void CouplingPieces::save(Hdf5File& file) const {
  const auto* numbers = reinterpret_cast<const Real*>(known_.data());
  file.write("coupling/pieces", {numbers, numbers + known_.size() * known_numbers},
             {Index(known_.size()), known_numbers});
  for (std::size_t k = 0; k < coupled_.size(); ++k) {
    const Partition& partition = ensemble_of(k).partition;
    HostMatrix<Real> rows("Weir::Coupling::rows", components_ + 2, partition.local_particles());
    with_rows(coupled_[k], [&](const auto& displacement, const auto& mass, const auto& variance) {
      for (Index i = 0; i < partition.local_particles(); ++i) {
        for (Index c = 0; c < components_; ++c) rows(c, i) = displacement(c, i);
        rows(components_, i) = mass(i);
        rows(components_ + 1, i) = variance(i);
      }
    });
    file.write_rows(fmt::format("coupling/{}", k), rows.data(), partition.local_particles(),
                    partition.first_particle(), partition.particles(), components_ + 2);
  }
}

void CouplingPieces::restore(const Hdf5File& file) {
  const auto numbers = file.read("coupling/pieces");
  WEIR_CHECK(numbers.size() == known_.size() * known_numbers, "{} numbers of {} pieces", numbers.size(),
             known_.size());
  std::copy(numbers.begin(), numbers.end(), reinterpret_cast<Real*>(known_.data()));
  for (std::size_t k = 0; k < coupled_.size(); ++k) {
    const Partition& partition = ensemble_of(k).partition;
    HostMatrix<Real> rows("Weir::Coupling::rows", components_ + 2, partition.local_particles());
    file.read_rows(fmt::format("coupling/{}", k), rows.data(), partition.local_particles(),
                   partition.first_particle());
    with_rows(coupled_[k], [&](const auto& displacement, const auto& mass, const auto& variance) {
      for (Index i = 0; i < partition.local_particles(); ++i) {
        for (Index c = 0; c < components_; ++c) displacement(c, i) = rows(c, i);
        mass(i) = rows(components_, i);
        variance(i) = rows(components_ + 1, i);
      }
      Kokkos::deep_copy(coupled_[k].displacement, displacement);
      Kokkos::deep_copy(coupled_[k].mass, mass);
      Kokkos::deep_copy(coupled_[k].variance, variance);
    });
  }
}

}  // namespace weir
