#include "methods/populations/CouplingPieces.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"
#include "weir/output/Checkpoint.hpp"

namespace weir {

namespace {

/// Calls copy(rows of a table, what they hold) for everything that is known of a transition's particles.
template <class Copy>
void for_each_result(const Matrix<Real>& table, const CoupledEnsemble& coupled, Copy copy) {
  const Index d = Index(coupled.displacement.extent(0));
  copy(Kokkos::subview(table, Kokkos::pair<Index, Index>(0, d), Kokkos::ALL), coupled.displacement);
  copy(Kokkos::subview(table, d, Kokkos::ALL), coupled.mass);
  copy(Kokkos::subview(table, d + 1, Kokkos::ALL), coupled.variance);
}

}  // namespace

CouplingPieces::CouplingPieces(const std::vector<Ensemble>& populations, CoupledAt at, Index count,
                               std::vector<std::unique_ptr<PartnerLaw>> partners)
    : populations_(populations),
      comm_(populations.front().comm),
      components_(populations.front().components()),
      next_(at == CoupledAt::next),
      known_(std::size_t(count)),
      partners_(std::move(partners)) {
  for (std::size_t k = 0; k + 1 < populations.size(); ++k) {
    const Index particles = ensemble_of(k).partition.local_particles();
    coupled_.emplace_back();
    coupled_[k].displacement = Matrix<Real>("Weir::Coupling::displacement", components_, particles);
    coupled_[k].mass = Vector<Real>("Weir::Coupling::mass", particles);
    coupled_[k].variance = Vector<Real>("Weir::Coupling::variance", particles);
  }
}

PartnerLaw& CouplingPieces::partners(std::size_t k) {
  WEIR_CHECK(all_done() && k < partners_.size(), "partners of transition {}, of {} kept", k,
             partners_.size());
  return *partners_[k];
}

Index CouplingPieces::done() const {
  return Index(std::count_if(known_.begin(), known_.end(), [](const Known& known) { return known.done; }));
}

Matrix<Real> CouplingPieces::table(std::size_t k) const {
  return Matrix<Real>("Weir::Coupling::table", components_ + 2, coupled_[k].mass.extent(0));
}

void CouplingPieces::save(Hdf5File& file) const {
  const auto* numbers = reinterpret_cast<const Real*>(known_.data());
  file.write("coupling/pieces", {numbers, numbers + known_.size() * known_numbers},
             {Index(known_.size()), known_numbers});
  for (std::size_t k = 0; k < coupled_.size(); ++k) {
    const Matrix<Real> all = table(k);
    for_each_result(all, coupled_[k],
                    [](const auto& rows, const auto& own) { Kokkos::deep_copy(rows, own); });
    write_particles(file, fmt::format("coupling/{}", k), ensemble_of(k).partition, all);
    if (k < partners_.size()) partners_[k]->save(file, fmt::format("partners/{}", k));
  }
}

void CouplingPieces::restore(const Hdf5File& file) {
  const auto numbers = file.read("coupling/pieces");
  WEIR_CHECK(numbers.size() == known_.size() * known_numbers, "{} numbers of {} pieces", numbers.size(),
             known_.size());
  std::copy(numbers.begin(), numbers.end(), reinterpret_cast<Real*>(known_.data()));
  for (std::size_t k = 0; k < coupled_.size(); ++k) {
    const Matrix<Real> all = table(k);
    read_particles(file, fmt::format("coupling/{}", k), ensemble_of(k).partition, all);
    for_each_result(all, coupled_[k],
                    [](const auto& rows, const auto& own) { Kokkos::deep_copy(own, rows); });
    if (k < partners_.size()) partners_[k]->restore(file, fmt::format("partners/{}", k));
  }
}

}  // namespace weir
