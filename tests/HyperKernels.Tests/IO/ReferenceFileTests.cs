using System.Security.Cryptography;
using HyperKernels.IO;
using NUnit.Framework;

namespace HyperKernels.Tests.IO;

/// <summary>Files that other programs wrote.</summary>
[TestFixture]
internal sealed class ReferenceFileTests
{
    [Test]
    public void Open_EveryReferenceCaseOfTheRepository_IsRead() => Assert.That(ReadAll(TestData.Reference), Is.GreaterThan(0));

    [Test]
    public void Open_EveryReferenceCase_IsRead() => Assert.That(ReadAll(TestData.AllReferences()), Is.GreaterThan(0));

    [Test]
    public void Write_WhatWasReadFromAReferenceCase_KeepsEveryTensor()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        foreach (string path in Directory.EnumerateFiles(TestData.Reference, "*.safetensors", SearchOption.AllDirectories))
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            string copyPath = folder.File("copy.safetensors");
            Safetensors.Write(copyPath, file.Entries.Values.Select(entry =>
                SafetensorsTensor.FromBytes(entry.Name, entry.Type, file.Bytes(entry.Name).ToArray(), entry.Shape.AsSpan())), file.Metadata);
            using SafetensorsFile copy = SafetensorsFile.Open(copyPath);
            Assert.That(copy.Metadata, Is.EquivalentTo(file.Metadata), path);
            Assert.That(Digest(copy), Is.EqualTo(Digest(file)), path);
        }
    }

    private static int ReadAll(string folder)
    {
        int files = 0;
        foreach (string path in Directory.EnumerateFiles(folder, "*.safetensors", SearchOption.AllDirectories))
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            Assert.That(file.Metadata["case"], Is.EqualTo(Path.GetFileNameWithoutExtension(path)).Or.EqualTo(Path.GetFileName(path)), path);
            foreach (SafetensorsEntry entry in file.Entries.Values)
            {
                Assert.That(file.ReadFloat64(entry.Name), Has.Length.EqualTo(entry.ElementCount), $"{path}: {entry}");
            }
            files++;
        }
        return files;
    }

    private static string[] Digest(SafetensorsFile file) =>
        [.. file.Entries.Values.Select(entry => $"{entry} {Convert.ToHexString(SHA256.HashData(file.Bytes(entry.Name)))}").Order()];
}
