#include "methods/latent_ebm/EbmModel.hpp"

#include "weir/base/Error.hpp"
#include "weir/output/Checkpoint.hpp"

namespace weir {

namespace {

/// `rule`: its name; `steps`: what it takes, in the order of its options.
void write_mover(Hdf5File& file, const std::string& group, const RuleOptions& rule) {
  std::vector<Real> steps;
  if (const auto* mala = std::get_if<MalaOptions>(&rule)) steps = mala->step.values;
  if (const auto* langevin = std::get_if<LangevinOptions>(&rule)) steps = {langevin->step.value_or(1)};
  if (const auto* scaled = std::get_if<PreconditionedLangevinOptions>(&rule)) {
    steps = {scaled->step};
    steps.insert(steps.end(), scaled->diagonal.begin(), scaled->diagonal.end());
  }
  if (const auto* momentum = std::get_if<UnderdampedLangevinOptions>(&rule)) {
    steps = {momentum->step, momentum->gamma};
    if (momentum->eta) steps.push_back(*momentum->eta);
  }
  file.write_strings(group + "/rule", {name_of(rule)});
  file.write(group + "/steps", steps, {Index(steps.size())});
}

RuleOptions read_mover(const Hdf5File& file, const std::string& group) {
  const std::string name = file.read_strings(group + "/rule").at(0);
  const std::vector<Real> steps = file.read(group + "/steps");
  if (name == "mala") {
    MalaOptions mala;
    mala.step = VectorValue(steps);
    return mala;
  }
  if (name == "preconditioned_langevin") {
    PreconditionedLangevinOptions scaled;
    scaled.step = steps.at(0);
    scaled.diagonal.assign(steps.begin() + 1, steps.end());
    return scaled;
  }
  if (name == "underdamped_langevin") {
    UnderdampedLangevinOptions momentum;
    momentum.step = steps.at(0);
    momentum.gamma = steps.at(1);
    if (steps.size() > 2) momentum.eta = steps[2];
    return momentum;
  }
  LangevinOptions langevin;
  langevin.name = name;
  langevin.step = steps.at(0);
  return langevin;
}

}  // namespace

RuleOptions frozen_rule(const ParticleRuleChoice& choice, Real factor, Real temperature) {
  RuleOptions rule = rule_of(choice);
  if (auto* mala = std::get_if<MalaOptions>(&rule)) {
    for (Real& step : mala->step.values) step *= factor * temperature;
    mala->target.reset();
  }
  if (auto* langevin = std::get_if<LangevinOptions>(&rule); langevin && langevin->step)
    *langevin->step *= temperature;
  if (auto* scaled = std::get_if<PreconditionedLangevinOptions>(&rule)) scaled->step *= temperature;
  return rule;
}

RuleOptions EbmModel::mover(bool free_data, bool free_latents) const {
  if (!free_data) return latent_mover;
  RuleOptions rule = negative_mover;
  if (auto* mala = std::get_if<MalaOptions>(&rule); mala && !(free_latents && shape.latent > 0))
    mala->step = Real(mala->step.values.front());
  return rule;
}

void EbmModel::save(Hdf5File& file, const std::string& group) const {
  write_network(file, group + "/networks/energy", energy);
  write_network(file, group + "/networks/energy_last", energy_last);
  standardisation.save(file, group + "/standardisation");
  write_particles(file, group + "/pool", pool.partition, pool.x);
  file.write(group + "/shape", {Real(shape.data), Real(shape.latent)}, {2});
  write_mover(file, group + "/movers/latents", latent_mover);
  write_mover(file, group + "/movers/negatives", negative_mover);
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
  for (const char* needed : {"/shape", "/movers/latents/rule", "/movers/negatives/rule", "/pool",
                             "/networks/energy", "/standardisation/kind", "/energy", "/data_noise"})
    if (!file.has(group + needed))
      throw InputError(where,
                       fmt::format("{} has no {}; give the networks.h5 of a finished run of latent_ebm",
                                   file.path(), group + needed));
  const auto shape = file.read(group + "/shape");
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
                 read_mover(file, group + "/movers/latents"),
                 read_mover(file, group + "/movers/negatives"),
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
