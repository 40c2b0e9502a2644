#:property PublishAot=false
#:property JsonSerializerIsReflectionEnabledByDefault=true
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;

// Packages that users of ours get are required; those of tests, benchmarks and the build are not part of what is shipped. Format: CycloneDX 1.6, JSON.
string[] shipped = ["src/", "kernels/", "tools/"];
string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
SortedDictionary<string, (JsonObject Package, bool IsShipped)> packages = new(StringComparer.Ordinal);
SortedDictionary<string, SortedSet<string>> projects = new(StringComparer.Ordinal);
foreach (string file in Directory.EnumerateFiles(".", "packages.lock.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
{
    string folder = Path.GetRelativePath(".", Path.GetDirectoryName(file)!).Replace('\\', '/');
    bool isShipped = shipped.Any(start => folder.StartsWith(start, StringComparison.Ordinal));
    SortedSet<string> uses = projects[Path.GetFileName(folder)] = new(StringComparer.Ordinal);
    foreach ((_, JsonNode? framework) in JsonNode.Parse(File.ReadAllText(file))!["dependencies"]!.AsObject())
    {
        foreach ((string name, JsonNode? package) in framework!.AsObject())
        {
            if (package!["resolved"]?.GetValue<string>() is not { } version)
            {
                continue;
            }
            string purl = $"pkg:nuget/{name}@{version}";
            uses.Add(purl);
            bool wasShipped = packages.TryGetValue(purl, out (JsonObject Package, bool IsShipped) known) && known.IsShipped;
            // The packages that compile and check are marked so by the SDK; nothing of them is shipped.
            bool isTool = name is "Microsoft.NET.ILLink.Tasks" or "Microsoft.CodeAnalysis.PublicApiAnalyzers" || folder.EndsWith(".Analyzers", StringComparison.Ordinal);
            packages[purl] = (new JsonObject
            {
                ["type"] = "library",
                ["bom-ref"] = purl,
                ["name"] = name,
                ["version"] = version,
                ["scope"] = wasShipped || (isShipped && !isTool) ? "required" : "excluded",
                ["purl"] = purl,
                ["licenses"] = Licence(name, version),
                ["properties"] = new JsonArray(new JsonObject { ["name"] = "nuget:contentHash", ["value"] = package["contentHash"]!.GetValue<string>() }),
            }, wasShipped || (isShipped && !isTool));
        }
    }
}
JsonObject bill = new()
{
    ["bomFormat"] = "CycloneDX",
    ["specVersion"] = "1.6",
    ["version"] = 1,
    ["metadata"] = new JsonObject { ["component"] = new JsonObject { ["type"] = "library", ["bom-ref"] = "HyperKernels", ["name"] = "HyperKernels" } },
    ["components"] = new JsonArray(
    [
        .. projects.Keys.Select(static name => new JsonObject { ["type"] = "library", ["bom-ref"] = $"project:{name}", ["name"] = name }),
        .. packages.Values.Select(static known => known.Package),
    ]),
    ["dependencies"] = new JsonArray([.. projects.Select(static project =>
        new JsonObject { ["ref"] = $"project:{project.Key}", ["dependsOn"] = new JsonArray([.. project.Value.Select(static purl => JsonValue.Create(purl))]) })]),
};
File.WriteAllText(args[0], bill.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
Console.WriteLine($"{args[0]}: {packages.Count} packages, {packages.Values.Count(static known => known.IsShipped)} of them shipped");

// As the package says, where it says it by an SPDX expression; else what it says, as a name.
JsonArray Licence(string name, string version)
{
    string file = Path.Combine(cache, name.ToLowerInvariant(), version, $"{name.ToLowerInvariant()}.nuspec");
    XElement? metadata = File.Exists(file) ? XDocument.Load(file).Root!.Elements().First() : null;
    XElement? licence = metadata?.Elements().FirstOrDefault(static element => element.Name.LocalName == "license");
    string text = licence?.Value ?? metadata?.Elements().FirstOrDefault(static element => element.Name.LocalName == "licenseUrl")?.Value ?? "not stated";
    return licence?.Attribute("type")?.Value == "expression"
        ? [new JsonObject { ["expression"] = text }]
        : [new JsonObject { ["license"] = new JsonObject { ["name"] = text } }];
}
