#include "weir/training/TrainedParameters.hpp"

#include "weir/base/Error.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/training/ParameterBlocks.hpp"

namespace weir {

template <class T>
Index TrainedParameters<T>::add_network(const MlpShape& shape, Index key) {
  WEIR_CHECK(!gather_ && scalar_starts_.empty(), "a network is declared too late");
  shapes_.push_back(shape);
  keys_.push_back(key);
  network_first_.push_back(network_first_.back() + Mlp<T>(shape).parameters());
  return networks() - 1;
}

template <class T>
Index TrainedParameters<T>::add_parameters(Index count) {
  WEIR_CHECK(!gather_ && scalar_starts_.empty(), "parameters are declared too late");
  shapes_.push_back({});
  keys_.push_back(0);
  network_first_.push_back(network_first_.back() + count);
  return networks() - 1;
}

template <class T>
Index TrainedParameters<T>::add_scalar(Real start, ScalarGradient gradient) {
  WEIR_CHECK(!gather_, "a scalar is declared too late");
  if (gradient == ScalarGradient::of_tiles) {
    WEIR_CHECK(of_tiles_ == Index(scalar_starts_.size()), "scalars of tiles come before those of the whole");
    ++of_tiles_;
  }
  scalar_starts_.push_back(start);
  return Index(scalar_starts_.size()) - 1;
}

template <class T>
void TrainedParameters<T>::allocate(Index most_tiles) {
  partition_ = parameter_block(comm_, "", count()).partition;
  gather_.emplace(comm_, partition_, 1);
  gradient_.emplace(comm_, network_first_.back() + of_tiles_, most_tiles, partition_);
  theta_ = Vector<T>("Weir::TrainedParameters::theta", count());
  host_all_ = HostMatrix<Real>("Weir::TrainedParameters::host_all", 1, kernels_on_host ? 0 : count());
  velocity_ = HostMatrix<Real>("Weir::TrainedParameters::velocity", 1,
                               kernels_on_host ? 0 : partition_.local_particles());
  of_whole_.assign(scalar_starts_.size() - std::size_t(of_tiles_), 0);
  for (int rank = 0; rank < comm_.size(); ++rank) {
    offsets_.push_back(int(partition_.first_particle(rank)));
    counts_.push_back(int(partition_.first_particle(rank + 1) - partition_.first_particle(rank)));
  }
}

template <class T>
void TrainedParameters<T>::initialise(const MatrixRef<Real>& local) const {
  const Vector<Real> all("Weir::TrainedParameters::initial", count());
  for (Index n = 0; n < networks(); ++n)
    if (shapes_[std::size_t(n)])
      initialise_network(*shapes_[std::size_t(n)], seed_, keys_[std::size_t(n)], 0,
                         VectorRef<Real>(all.data() + first(n), std::size_t(size(n))));
  for (std::size_t s = 0; s < scalar_starts_.size(); ++s)
    Kokkos::deep_copy(Kokkos::subview(all, place_of_scalar(Index(s))), scalar_starts_[s]);
  write_own_part(parameter_block(comm_, "", count()), all, local);
}

template <class T>
void TrainedParameters<T>::gather(const ConstBlockViews& x, Index block) {
  if (x.version(block) == version_) return;
  if (for_kernels_alone()) {
    ++counters().gathers;
    cast(x[block], partition_.first_particle());
    if constexpr (sizeof(T) < sizeof(Real)) comm_.all_gather_in_place(theta_.data(), counts_, offsets_);
  } else {
    gather(x[block]);
  }
  version_ = x.version(block);
}

template <class T>
void TrainedParameters<T>::gather(const MatrixRef<const Real>& local) {
  version_ = 0;
  ++counters().gathers;
  const auto& all = (*gather_)(local);
  if constexpr (kernels_on_host)
    host_all_ = all;  // which holds until the next gather
  else
    Kokkos::deep_copy(host_all_, all);
  cast(all, 0);
}

template <class T>
void TrainedParameters<T>::cast(const MatrixRef<const Real>& from, Index first) {
  const auto theta = theta_;
  Kokkos::parallel_for(
      "Weir::TrainedParameters::cast", Range(0, Index(from.extent(1))),
      KOKKOS_LAMBDA(Index i) { theta(first + i) = T(from(0, i)); });
  Kokkos::fence();
}

template <class T>
StoredNetwork TrainedParameters<T>::stored(Index n) const {
  const Real* begin = host_all_.data() + first(n);
  WEIR_CHECK(shapes_[std::size_t(n)], "network {} is no Mlp", n);
  return {*shapes_[std::size_t(n)], {begin, begin + size(n)}};
}

template <class T>
void TrainedParameters<T>::sum_gradients(Index tiles, const std::string& what, const MatrixRef<Real>& v,
                                         Real sign) {
  const Index scalars = place_of_scalar(of_tiles_), begin = partition_.first_particle();
  const auto write = [&](const auto& to) {
    if (scalars > 0) gradient_->sum(tiles, to.data(), what, sign);
    for (std::size_t s = 0; s < of_whole_.size(); ++s) {
      const Index i = scalars + Index(s) - begin;
      if (i >= 0 && i < Index(to.extent(1))) to(0, i) = sign * of_whole_[s];
    }
  };
  if constexpr (kernels_on_host) return write(v);
  write(velocity_);
  Kokkos::deep_copy(v, velocity_);
}

template class TrainedParameters<float>;
template class TrainedParameters<double>;

}  // namespace weir
