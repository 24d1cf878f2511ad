#include "methods/latent_ebm/EbmModel.hpp"

#include "weir/base/Error.hpp"
#include "weir/output/Checkpoint.hpp"

namespace weir {

void EbmModel::save(Hdf5File& file, const std::string& group) const {
  write_network(file, group + "/networks/energy", energy);
  write_network(file, group + "/networks/energy_last", energy_last);
  standardisation.save(file, group + "/standardisation");
  write_particles(file, group + "/pool", pool.partition, pool.x);
  file.write(group + "/shape", {Real(shape.data), Real(shape.latent)}, {2});
  file.write(group + "/steps", {latent_factor, negative_factor}, {2});
  if (const Index count = Index(restart.centres.extent(1)); count > 0) {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), restart.centres);
    file.write(group + "/restart_centres", std::vector<Real>(host.data(), host.data() + host.size()),
               {count, shape.data});
    file.write(group + "/restart_bandwidth", {restart.bandwidth}, {1});
  }
  if (!columns.empty()) file.write_strings(group + "/columns", columns);
  const auto* linear = std::get_if<LinearGaussianOptions>(&options.kind);
  file.write(group + "/energy",
             {linear ? Real(2) : Real(1), options.confinement.data, options.confinement.latent,
              linear ? linear->noise : Real(0)},
             {4});
  file.write(group + "/data_noise", {data_noise}, {1});
}

namespace {

LatentEnergyOptions energy_options(const std::vector<Real>& numbers, const MlpShape& shape) {
  LatentEnergyOptions options;
  options.confinement = {numbers.at(1), numbers.at(2)};
  if (numbers.at(0) == 2) {
    LinearGaussianOptions linear;
    linear.noise = numbers.at(3);
    options.kind = linear;
    return options;
  }
  EnergyNetworkOptions network;
  network.hidden = shape.hidden;
  network.activation = activation_names().at(std::size_t(shape.activation));
  network.residual = shape.residual;
  network.layer_norm = shape.layer_norm;
  options.kind = network;
  return options;
}

}  // namespace

EbmModel EbmModel::read(const Hdf5File& file, const std::string& group, const Communicator& comm, Index tile,
                        const std::string& where) {
  for (const char* needed :
       {"/shape", "/steps", "/pool", "/networks/energy", "/standardisation/kind", "/energy", "/data_noise"})
    if (!file.has(group + needed))
      throw InputError(where,
                       fmt::format("{} has no {}; give the networks.h5 of a finished run of latent_ebm",
                                   file.path(), group + needed));
  const auto shape = file.read(group + "/shape"), steps = file.read(group + "/steps");
  const EnergyShape found{Index(shape.at(0)), Index(shape.at(1))};
  const auto pool_shape = file.shape(group + "/pool");
  if (pool_shape.size() != 2 || pool_shape[1] != found.components())
    throw InputError(where, fmt::format("the pool in {} has not the {} components that its shape says",
                                        file.path(), found.components()));
  EbmModel model{found,
                 read_network(file, group + "/networks/energy", where),
                 read_network(file, group + "/networks/energy_last", where),
                 Standardisation::read(file, group + "/standardisation"),
                 Ensemble(comm, pool_shape[0], found.components(), tile),
                 {},
                 steps.at(0),
                 steps.at(1),
                 file.read(group + "/data_noise").at(0),
                 {},
                 {}};
  model.options = energy_options(file.read(group + "/energy"), model.energy.shape);
  read_particles(file, group + "/pool", model.pool.partition, model.pool.x);
  if (file.has(group + "/columns")) model.columns = file.read_strings(group + "/columns");
  model.restart.data = found.data;
  model.restart.latent = found.latent;
  model.restart.metropolised = file.has(group + "/restart_centres");
  if (!model.restart.metropolised) return model;
  const auto centres = file.read(group + "/restart_centres");
  model.restart.bandwidth = file.read(group + "/restart_bandwidth").at(0);
  model.restart.centres =
      Matrix<Real>("Weir::RestartLaw::centres", found.data, Index(centres.size()) / found.data);
  const auto host = Kokkos::create_mirror_view(model.restart.centres);
  std::copy(centres.begin(), centres.end(), host.data());
  Kokkos::deep_copy(model.restart.centres, host);
  return model;
}

}  // namespace weir
