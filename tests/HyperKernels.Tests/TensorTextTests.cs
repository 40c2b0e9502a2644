using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace HyperKernels.Tests;

/// <summary>How tensors are printed, and what a debugger shows of them.</summary>
public sealed class TensorTextTests
{
    private static string TextFile => Path.Combine(TestData.Repository, "tests", "files", "numpy", "texts.json");

    [Test]
    public void ToString_IsNumPys()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllText(TextFile));
        using MemoryScope scope = new();
        JsonElement[] cases = [.. file.RootElement.GetProperty("cases").EnumerateArray()];
        Assert.That(cases, Has.Length.GreaterThan(100));
        Assert.Multiple(() =>
        {
            foreach (JsonElement item in cases)
            {
                string expected = item.GetProperty("text").GetString()!;
                Assert.That(Read(item).ToString(), Is.EqualTo(expected));
            }
        });
    }

    [Test]
    public void ToString_OfAViewWithGaps_IsThatOfItsValues()
    {
        using MemoryScope scope = new();
        Tensor whole = Tensor.From([.. Enumerable.Range(0, 4000).Select(static i => (float)i)], [100, 40]);
        Tensor view = Ops.Slice(whole, 1, 3, 30);
        Assert.That(view.ToString(), Is.EqualTo(Tensor.From(view.ToArray(), view.Shape).ToString()));
    }

    [Test]
    public void ToString_OfADisposedTensor_SaysSo()
    {
        Tensor tensor = Tensor.Ones([3]);
        tensor.Dispose();
        Assert.That(tensor.ToString(), Is.EqualTo("a disposed tensor"));
        Assert.That(Display(tensor), Is.EqualTo("a disposed tensor"));
    }

    [Test]
    public void Debugger_ShowsTypeShapeDeviceAndFirstValues()
    {
        using MemoryScope scope = new();
        Assert.Multiple(() =>
        {
            Assert.That(Display(Tensor.From([0.5f, 1, 2, 3, 4, 5, 6], [7, 1], Device.Cpu)), Is.EqualTo("float32 [7, 1] on cpu: 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, ..."));
            Assert.That(Display(Tensor.From([3, -1], [2], Device.Cpu)), Is.EqualTo("int32 [2] on cpu: 3, -1"));
        });
    }

    private static Tensor Read(JsonElement item)
    {
        Shape shape = new([.. item.GetProperty("shape").EnumerateArray().Select(static size => size.GetInt32())]);
        bool isFloat = item.GetProperty("type").GetString() == "float32";
        if (item.GetProperty("bits").ValueKind == JsonValueKind.Null)
        {
            IEnumerable<int> counted = Enumerable.Range(0, (int)shape.Count);
            return isFloat ? Tensor.From([.. counted.Select(static i => 0.25f * i)], shape) : Tensor.From([.. counted], shape);
        }
        int[] bits = [.. item.GetProperty("bits").EnumerateArray().Select(static value => value.GetInt32())];
        return isFloat ? Tensor.From(MemoryMarshal.Cast<int, float>(bits), shape) : Tensor.From(bits, shape);
    }

    // As a debugger does: the attribute's expression, and the proxy's rows.
    private static string Display(Tensor tensor)
    {
        Type proxy = Type.GetType(typeof(Tensor).GetCustomAttribute<DebuggerTypeProxyAttribute>()!.ProxyTypeName, throwOnError: true)!;
        Assert.That(typeof(Tensor).GetCustomAttribute<DebuggerDisplayAttribute>()!.Value, Is.EqualTo($"{{{proxy.Name}.Line(this),nq}}"));
        object view = Activator.CreateInstance(proxy, tensor)!;
        string[] rows = (string[])proxy.GetProperty("Rows")!.GetValue(view)!;
        Assert.That(string.Join('\n', rows), Is.EqualTo(tensor.ToString()));
        return (string)proxy.GetMethod("Line")!.Invoke(null, [tensor])!;
    }
}
