#include "weir/transport/Distances.hpp"
#include "weir/transport/Assignment.hpp"
#include "weir/transport/NetworkSimplex.hpp"
#include <cmath>
namespace weir { Real wasserstein(Points x, Points y, int order){ auto c= order==1?TransportCost::distance:TransportCost::squared_distance; Real v = x.count==y.count ? solve_assignment(x,y,c).cost : solve_network_simplex(x,y,c).cost; return order==1?v:std::sqrt(v);} Real energy_distance(Points, Points){return 0;} Real maximum_mean_discrepancy(Points, Points){return 0;} Real bures_distance(const std::vector<Real>& , const std::vector<Real>& , const std::vector<Real>& , const std::vector<Real>& ){return 0;} }
