/// The catalogue of planted faults (`deploy/mutants`) and what plants them: each is compiled, put
/// before the classes of its module, and has to be found by the tests and worlds that it names.
@NullMarked
package carpool.sim.mutants;

import org.jspecify.annotations.NullMarked;
