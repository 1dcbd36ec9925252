@NullMarked
package carpool.kit.grpc;

import org.jspecify.annotations.NullMarked;
