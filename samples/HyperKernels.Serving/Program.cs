using HyperKernels.Serving;

// Serves a hypernetwork's file, or measures how: docs/serving.md.
if (args is ["load", .. string[] rest])
{
    return await LoadCommand.Run(rest);
}
await using WebApplication app = ServingApp.Build(args);
await app.RunAsync();
return 0;
