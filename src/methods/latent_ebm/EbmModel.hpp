// A trained latent-variable energy-based model: all that using it takes.
//
// networks.h5 (and the same groups below /ebm in checkpoints of later stages):
//
//     /networks/energy, /networks/energy_last   the averaged and the last parameters
//     /pool, /restart_centres                   particles (x, z), and rows that restarts are proposed about
//     /standardisation/..                       how columns were standardised
//     /steps                                    factors that the movers' steps were adapted by: latents,
//     negatives /shape                                    components of x and of z /columns, /deck names of
//     the columns; the resolved deck of the training
#pragma once

#include <string>
#include <vector>

#include "methods/generative/Standardisation.hpp"
#include "methods/latent_ebm/LatentEnergy.hpp"
#include "methods/latent_ebm/PoolRestart.hpp"
#include "weir/networks/NetworkFile.hpp"

namespace weir {

struct EbmModel {
  EnergyShape shape{};
  StoredNetwork energy, energy_last;
  Standardisation standardisation;
  Ensemble pool;
  RestartLaw restart;  ///< without centres where the training had no metropolised restarts
  Real latent_factor = 1, negative_factor = 1;
  Real data_noise = 0;
  LatentEnergyOptions options;  ///< of the energy
  std::vector<std::string> columns;

  /// Collective.
  void save(Hdf5File& file, const std::string& group) const;
  /// Collective: on any number of ranks. Throws InputError (key `where`) where the file has no such model.
  static EbmModel read(const Hdf5File& file, const std::string& group, const Communicator& comm, Index tile,
                       const std::string& where);
};

}  // namespace weir
