#include "methods/schroedinger_bridge/drifts/EndpointNetwork.hpp"

namespace weir {

void EndpointNetwork::save(Hdf5File& file, const std::string& group) const {
  write_network(file, group + "/network", network);
  file.write(group + "/form", {Real(form.paired), form.sigma, form.deviation, form.distance}, {4});
  file.write(group + "/middle", form.middle, {Index(form.middle.size())});
}

EndpointNetwork EndpointNetwork::read(const Hdf5File& file, const std::string& group,
                                      const std::string& where) {
  const auto numbers = file.read(group + "/form");
  return {{numbers.at(0) != 0, numbers.at(1), numbers.at(2), numbers.at(3), file.read(group + "/middle")},
          read_network(file, group + "/network", where)};
}

template <class T>
NetworkDrift<T>::NetworkDrift(const EndpointNetwork& network, const Partition& particles)
    : form_(network.form),
      tiles_(particles.local()),
      network_(network.network.shape),
      tape_(network_, particles.tile_size(), Purpose::value),
      theta_("Weir::NetworkDrift::theta", network.network.parameters.size()),
      middle_("Weir::NetworkDrift::middle", network.form.middle.size()),
      in_("Weir::NetworkDrift::in", network.network.shape.inputs, particles.tile_size()),
      out_("Weir::NetworkDrift::out", network.network.shape.outputs, particles.tile_size()) {
  const auto theta = Kokkos::create_mirror_view(theta_);
  for (std::size_t i = 0; i < network.network.parameters.size(); ++i)
    theta(i) = T(network.network.parameters[i]);
  Kokkos::deep_copy(theta_, theta);
  const auto middle = Kokkos::create_mirror_view(middle_);
  for (std::size_t c = 0; c < network.form.middle.size(); ++c) middle(c) = network.form.middle[c];
  Kokkos::deep_copy(middle_, middle);
}

template <class T>
void NetworkDrift<T>::displacement(Real t, const MatrixRef<const Real>& z, const MatrixRef<Real>& to_end) {
  const EndpointScaling scaling = form_.at(1 - t);
  for (Index k = 0; k < tiles_.tiles; ++k) visit(tiles_[k], scaling, z, to_end);
  Kokkos::fence();
}

template <class T>
void NetworkDrift<T>::visit(const Tile& tile, const EndpointScaling& scaling, const MatrixRef<const Real>& z,
                            const MatrixRef<Real>& to_end) {
  const auto in = first_columns(in_, tile.count), out = first_columns(out_, tile.count);
  const auto middle = middle_;
  const Index d = Index(z.extent(0)), first = tile.first;
  const EndpointScaling s = scaling;
  Kokkos::parallel_for(
      "Weir::NetworkDrift::in", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) in(c, i) = T(s.in * (z(c, first + i) - middle(c)));
        for (Index k = 0; k < endpoint_time_inputs; ++k) in(d + k, i) = T(s.time[k]);
      });
  network_.value(theta_, in, tape_, out);
  Kokkos::parallel_for(
      "Weir::NetworkDrift::out", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c)
          to_end(c, first + i) = s.gain * Real(out(c, i)) + s.keep * (z(c, first + i) - middle(c));
      });
}

template class NetworkDrift<float>;
template class NetworkDrift<double>;

std::unique_ptr<BridgeDrift> make_network_drift(const EndpointNetwork& network, const Partition& particles,
                                                bool single) {
  if (single) return std::make_unique<NetworkDrift<float>>(network, particles);
  return std::make_unique<NetworkDrift<double>>(network, particles);
}

}  // namespace weir
