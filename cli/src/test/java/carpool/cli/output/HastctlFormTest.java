package carpool.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.v1.Identity;
import carpool.replicator.v1.Metadata;
import carpool.replicator.v1.ReplicationMode;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.Statistics;
import org.junit.jupiter.api.Test;

class HastctlFormTest {
  private static final Resource PRIMARY =
      Resource.newBuilder()
          .setName("test")
          .setProvname("test")
          .setLocalPath("/dev/ada1")
          .setRemoteAddress("tcp4://10.0.0.2")
          .setSourceAddress("tcp4://10.0.0.1")
          .setReplication(ReplicationMode.REPLICATION_MODE_MEMSYNC)
          .setRole(Role.ROLE_PRIMARY)
          .setExtentSizeBytes(2097152)
          .setKeepdirty(64)
          .setComplete(true)
          .setWorkerPid(1234)
          .setStatistics(Statistics.newBuilder().setReads(7).setWriteErrors(1).setInFlightLocal(3))
          .build();

  @Test
  void statusRowsAreThoseOfTheOriginal() {
    var init =
        Resource.newBuilder()
            .setName("data")
            .setRole(Role.ROLE_SECONDARY)
            .setLocalPath("/dev/ada2")
            .setRemoteAddress("tcp4://10.0.0.2")
            .build();

    assertThat(
            HastctlForm.STATUS_HEADER
                + HastctlForm.statusRow(PRIMARY)
                + HastctlForm.statusRow(init)
                + HastctlForm.statusError("nope", 1))
        .isEqualTo(
            """
            Name\tStatus\t Role\t\tComponents
            test\tcomplete primary        /dev/ada1\ttcp4://10.0.0.2
            data\t-        secondary      /dev/ada2\ttcp4://10.0.0.2
            nope\tERR1
            """);
  }

  @Test
  void listHasEveryFieldInTheOrderOfTheOriginal() {
    assertThat(HastctlForm.list(PRIMARY))
        .isEqualTo(
            """
            test:
              role: primary
              provname: test
              localpath: /dev/ada1
              extentsize: 2097152 (2.0MB)
              keepdirty: 64
              remoteaddr: tcp4://10.0.0.2
              sourceaddr: tcp4://10.0.0.1
              replication: memsync
              status: complete
              workerpid: 1234
              dirty: 0 (0B)
              statistics:
                reads: 7
                writes: 0
                deletes: 0
                flushes: 0
                activemap updates: 0
                local errors: read: 0, write: 1, delete: 0, flush: 0
                queues: local: 3, send: 0, recv: 0, done: 0, idle: 253
            """);
  }

  @Test
  void withoutAWorkerAllNumbersAreZeroAndStatusIsNotShown() {
    assertThat(
            HastctlForm.list(
                PRIMARY.toBuilder()
                    .setWorkerPid(0)
                    .clearSourceAddress()
                    .setRole(Role.ROLE_INIT)
                    .build()))
        .isEqualTo(
            """
            test:
              role: init
              provname: test
              localpath: /dev/ada1
              extentsize: 0 (0B)
              keepdirty: 0
              remoteaddr: tcp4://10.0.0.2
              replication: memsync
              dirty: 0 (0B)
              statistics:
                reads: 0
                writes: 0
                deletes: 0
                flushes: 0
                activemap updates: 0
                local errors: read: 0, write: 0, delete: 0, flush: 0
                queues: local: 0, send: 0, recv: 0, done: 0, idle: 0
            """);
    assertThat(HastctlForm.listError("nope", 1)).isEqualTo("nope:\n  error: 1\n");
  }

  @Test
  void dumpPrintsTheMetadataAsTheOriginal() {
    var metadata =
        Metadata.newBuilder()
            .setResource("test")
            .setDataSizeBytes(10737413120L)
            .setExtentSizeBytes(2097152)
            .setKeepdirty(64)
            .setLocalOffsetBytes(5120)
            .setIdentity(Identity.newBuilder().setResuid(-1L).setLocalcnt(1))
            .setPrevrole("init")
            .build();

    assertThat(HastctlForm.dump(metadata))
        .isEqualTo(
            """
            resource: test
                datasize: 10737413120 (10GB)
                extentsize: 2097152 (2.0MB)
                keepdirty: 64
                localoff: 5120
                resuid: 18446744073709551615
                localcnt: 1
                remotecnt: 0
                prevrole: init
            """);
  }
}
