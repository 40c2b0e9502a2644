using System.Text.Json;
using HyperKernels.Distributed;
using HyperKernels.IO;
using HyperKernels.Tests.Cli;

namespace HyperKernels.Tests.Distributed;

public sealed class PartitionTests
{
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(4)]
    public void Run_OnAPartInEachProcess_IsThatOfOneProcess_AndSendsWhatTheConnectivitySays(int processes)
    {
        Mpi.Need();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string store = folder.File("store");
        string[] sizes = ["--nodes", "600", "--edges", "500", "--size", "6", "--features", "7", "--communities", "4", "--mixing", "0.1"];
        Assert.That(CliProcess.Run(["store", "make", store, .. sizes]).ExitCode, Is.Zero);
        CliResult made = CliProcess.Run("partition", "make", store, "--parts", $"{processes}", "--by", "own");
        Assert.That(made.ExitCode, Is.Zero, made.ToString());
        MpiResult result = Mpi.Cli(processes, "partition", "run", store, "--part", $"{store}.part.{processes}", "--steps", "3", "--hidden", "8", "--check", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        // mpirun gives rank 0 a terminal, to which the runtime says hello.
        JsonElement report = JsonSerializer.Deserialize<JsonElement>(result.Output[result.Output.IndexOf('{')..(result.Output.LastIndexOf('}') + 1)]);

        Assert.Multiple(() =>
        {
            Assert.That(report.GetProperty("processes").GetInt32(), Is.EqualTo(processes));
            Assert.That(report.GetProperty("connectivity").GetInt64(), Is.GreaterThan(0));
            Assert.That(report.GetProperty("sentRows").GetInt64(), Is.EqualTo(report.GetProperty("boundRows").GetInt64()), "lambda - 1 rows each way, and no more");
            // Two sums over hyperedges forward, and two backward, in each of three steps.
            Assert.That(report.GetProperty("boundRows").GetInt64(), Is.EqualTo(2 * 4 * 3 * report.GetProperty("connectivity").GetInt64()));
            Assert.That(report.GetProperty("gradientDifference").GetDouble(), Is.LessThan(1e-5));
            Assert.That(report.GetProperty("logitDifference").GetDouble(), Is.LessThan(1e-4));
            Assert.That(report.GetProperty("loss").GetDouble(), Is.GreaterThan(0).And.LessThan(1.6));
        });
    }

    [Test]
    public void Run_WithAnotherNumberOfParts_EndsAllWithTheReason()
    {
        Mpi.Need();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        File.WriteAllText(folder.File("a.hgr"), "2 4\n1 2 3\n3 4\n");
        PartitionFile.Write(folder.File("a.part"), [0, 1, 2, 2]);
        MpiResult result = Mpi.Cli(2, "partition", "run", folder.File("a.hgr"), "--part", folder.File("a.part"));
        Assert.That(result.ExitCode, Is.Not.Zero);
        Assert.That(result.Error, Does.Contain("must have a part from 0 to below 2").And.Contain("2 for node 2"));
    }

    [Test]
    public void Partition_CountsConnectivityAndCut()
    {
        using Hypergraph graph = Hypergraph.FromEdges(7, [[0, 1, 2], [0, 3, 6], [], [4, 5, 4], [6]]);
        HypergraphPartition partition = new(graph.Incidence, [0, 0, 0, 1, 1, 1, 2], 3);
        Assert.That((partition.Connectivity, partition.Cut, partition.Imbalance), Is.EqualTo((2L, 1L, 0.0)));
        Assert.That(() => new HypergraphPartition(graph.Incidence, [0, 0, 0, 1, 1, 1, 3], 3), Throws.ArgumentException.With.Message.Contains("3 for node 6"));
        Assert.That(() => new HypergraphPartition(graph.Incidence, [0], 3), Throws.ArgumentException);
    }

    [TestCase(2)]
    [TestCase(5)]
    public void Streaming_OnBlocks_FindsThem_WithinItsBalance(int parts)
    {
        int[] sizes = [.. Enumerable.Repeat(60, parts)];
        using Hypergraph graph = RandomHypergraphs.Blocks(sizes, size: 4, within: 300 * parts, across: 20, new RandomStream(3));
        // Blocks in a row would be found by anyone: nodes are shuffled.
        int[] order = new int[graph.NodeCount];
        new RandomStream(4).FillPermutation(order);
        using Hypergraph mixed = Hypergraph.FromPairs(
            graph.NodeCount, graph.EdgeCount, [.. graph.Incidence.Nodes.ToArray().Select(node => order[node])], graph.Incidence.Edges);
        HypergraphPartition partition = StreamingPartitioner.Partition(mixed.Incidence, parts, imbalance: 0.1);
        HypergraphPartition again = StreamingPartitioner.Partition(mixed.Incidence, parts, imbalance: 0.1);
        HypergraphPartition drawn = new(mixed.Incidence, [.. Enumerable.Range(0, mixed.NodeCount).Select(node => node % parts)], parts);

        Assert.That(partition.Imbalance, Is.LessThanOrEqualTo(0.1 + 1e-9));
        Assert.That(partition.Connectivity, Is.LessThan(drawn.Connectivity / 3), $"{partition}; by turns {drawn}");
        Assert.That(again.PartOfNode.ToArray(), Is.EqualTo(partition.PartOfNode.ToArray()));
        Assert.That(StreamingPartitioner.Partition(mixed.Incidence, 1).Connectivity, Is.Zero);
        Assert.That(() => StreamingPartitioner.Partition(mixed.Incidence, 0), Throws.ArgumentException);
    }

    [Test]
    public void PartitionFile_GoesAndComesBack_AndNamesItsLine()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("a.part.3");
        PartitionFile.Write(path, [2, 0, 1]);
        Assert.That(File.ReadAllText(path), Is.EqualTo("2\n0\n1\n"));
        Assert.That(PartitionFile.Read(path, 3), Is.EqualTo(new[] { 2, 0, 1 }));
        Assert.That(() => PartitionFile.Read(path, 2), Throws.TypeOf<InvalidDataException>().With.Message.Contains("a.part.3: line 3: the file must end"));
        Assert.That(() => PartitionFile.Read(path, 4), Throws.TypeOf<InvalidDataException>().With.Message.Contains("line 3: the file ends where a line for each of 4 nodes"));
        File.WriteAllText(path, "2\n-1\n1\n");
        Assert.That(() => PartitionFile.Read(path, 3), Throws.TypeOf<InvalidDataException>().With.Message.Contains("line 2: the part of a node"));
        Assert.That(() => PartitionFile.Write(path, [0, -1]), Throws.ArgumentException);
    }

    [Test]
    public void External_ReadsThePartFileOfTheProgram()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Ignore("a shell script stands for the program");
            return;
        }
        // Mt-KaHyPar's interface: options as it takes them, the file where it writes it.
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string program = folder.File("mtkahypar");
        File.WriteAllText(program, """
            #!/bin/sh
            for option; do case "$option" in --partition-output-folder=*) out="${option#*=}";; esac; done
            [ "$1" = -h ] && [ "$3$4" = -k2 ] && [ "$7$8" = -okm1 ] || { echo "bad options: $*"; exit 3; }
            head -1 "$2" | grep -q '^2 4' && printf '0\n0\n1\n1\n' > "$out/$(basename "$2").part2.epsilon0.03.seed0.KaHyPar"
            """);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string file = folder.File("a.hgr");
        File.WriteAllText(file, "2 4\n1 2 3\n3 4\n");
        using Hypergraph graph = HmetisFile.Read(file).ToHypergraph();
        HypergraphPartition partition = ExternalPartitioner.Partition(program, file, graph.Incidence, 2);
        Assert.That(partition.ToString(), Is.EqualTo("2 parts, connectivity 1, cut 1, imbalance 0.000"));
        Assert.That(() => ExternalPartitioner.Partition(program, file, graph.Incidence, 3), Throws.TypeOf<IOException>().With.Message.Contains("exit code 3: bad options"));
    }
}
