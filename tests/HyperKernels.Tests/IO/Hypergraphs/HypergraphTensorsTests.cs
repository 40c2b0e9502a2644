using System.Text;
using HyperKernels.IO;

namespace HyperKernels.Tests.IO;

/// <summary>Hypergraphs as safetensors: what must hold of the tensors.</summary>
public sealed class HypergraphTensorsTests
{
    private static IEnumerable<TestCaseData> Broken()
    {
        yield return Case("node", null, "needs a tensor \"node\"");
        yield return Case("edge", null, "needs a tensor \"edge\"");
        yield return Case("counts", null, "needs a tensor \"counts\"");
        yield return Case("edge", Tensor("edge", 0, 0), "tensor \"edge\" must be a vector of 3; it is edge I64 [2]");
        yield return Case("counts", Tensor("counts", 2, 2, 2), "tensor \"counts\" must be a vector of 2");
        yield return Case("node", Tensor("node", 0, 1, 2), "node ids must be from 0 to below 2; pair 2 has 2");
        yield return Case("edge", Tensor("edge", 0, 0, -1), "hyperedge ids must be from 0 to below 2; pair 2 has -1");
        yield return Case("counts", Tensor("counts", -2, 2), "counts must not be negative");
        yield return Case("node", SafetensorsTensor.From("node", new float[3], 3), "whole numbers were asked for");
        yield return Case("labels", Tensor("labels", 1), "tensor \"labels\" must be a vector of 2");
        yield return Case("roles", Tensor("roles", 0, 1, 3), "roles must be 0, 1 (tail) or 2 (head); number 2 is 3");
        yield return Case("features.indptr", Tensor("features.indptr", 0, 3, 2), "offsets must not fall; row 1 ends before it begins");
        yield return Case("features.indptr", Tensor("features.indptr", 1, 1, 2), "offsets must run from 0");
        yield return Case("features.indices", Tensor("features.indices", 0, 2), "columns must be from 0 to below 2; value 1 has 2");
        yield return Case("features.shape", Tensor("features.shape", 3, 2), "shape must be [2, columns]; it is [3, 2]");
        yield return Case("features.values", null, "needs a tensor \"features.values\"");
        yield return Case("node.names.ends", Tensor("node.names.ends", 3, 7), "the ends of node.names must not fall and stay within 6 bytes; number 1 is 7");
        yield return Case("node.names.ends", Tensor("node.names.ends", 3, 2), "number 1 is 2");
        yield return Case("node.names", SafetensorsTensor.From("node.names", new byte[] { 0x61, 0xFF, 0x61, 0x62, 0x6F, 0x62 }, 6), "node.names, number 0, is not valid UTF-8");

        static TestCaseData Case(string name, SafetensorsTensor? tensor, string rule) => new(name, tensor, rule);
    }

    [TestCaseSource(nameof(Broken))]
    public void BrokenTensors_AreRefused_WithFileAndRule(string name, SafetensorsTensor? tensor, string rule)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("x.safetensors");
        List<SafetensorsTensor> tensors =
        [
            Tensor("node", 0, 1, 1), Tensor("edge", 0, 0, 1), Tensor("counts", 2, 2), Tensor("labels", 1, 0), Tensor("roles", 0, 1, 2),
            Tensor("features.indptr", 0, 1, 2), Tensor("features.indices", 0, 1), Tensor("features.shape", 2, 2),
            SafetensorsTensor.From("features.values", new float[2], 2),
            Tensor("node.names.ends", 3, 6), SafetensorsTensor.From("node.names", Encoding.UTF8.GetBytes("adabob"), 6),
        ];
        Safetensors.Write(path, tensors);
        Assert.That(HypergraphTensors.Read(path).NodeNames, Is.EqualTo(new[] { "ada", "bob" }), "whole");

        tensors.RemoveAll(other => other.Name == name);
        tensors.AddRange(tensor is null ? [] : [tensor]);
        Safetensors.Write(path, tensors);
        Assert.That(() => HypergraphTensors.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith(path).And.Message.Contains(rule));
    }

    private static SafetensorsTensor Tensor(string name, params long[] values) => SafetensorsTensor.From(name, values, values.Length);
}
