/// Child processes: argv, time limit, bounded output; never a shell.
@NullMarked
package carpool.orchestrator.exec;

import org.jspecify.annotations.NullMarked;
