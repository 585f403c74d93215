using Kl3m.Playground.Backends;
using Kl3m.Playground.Backends.Library;
using Kl3m.Playground.Hub;

namespace Kl3m.Playground.Tests.Backends;

public sealed class LocalModelsTests : IDisposable
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory();

    private string Cache => Path.Combine(folder.FullName, "hub");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void What_Pythons_tools_left_in_the_cache_is_found_if_it_is_of_this_architecture()
    {
        Fill(Path.Combine(Cache, "models--org--neox", "snapshots", Commit));
        Refer("org--neox");
        Fill(Path.Combine(Cache, "models--org--llama", "snapshots", Commit));
        File.WriteAllText(Path.Combine(Cache, "models--org--llama", "snapshots", Commit, "config.json"), """{"model_type": "llama"}""");
        Refer("org--llama");
        Directory.CreateDirectory(Path.Combine(Cache, "datasets--org--texts"));
        var found = Assert.Single(Scan(), model => model.Source == ModelSource.Hub);
        Assert.Equal(("org/neox", ModelCondition.Here, 6_836_224L), (found.Id, found.Condition, found.Config!.ParameterCount));
    }

    [Fact]
    public void A_download_that_was_broken_off_is_found_with_what_came()
    {
        var blobs = Directory.CreateDirectory(Path.Combine(Cache, "models--org--half", "blobs")).FullName;
        File.WriteAllText(Path.Combine(blobs, "aaa"), """{"model_type": "gpt_neox", "max_position_embeddings": 512}""");
        File.WriteAllBytes(Path.Combine(blobs, "bbb.incomplete"), new byte[5000]);
        var found = Assert.Single(Scan(), model => model.Source == ModelSource.Hub);
        Assert.Equal(("org/half", ModelCondition.Partial, 512), (found.Id, found.Condition, found.Config!.MaxPositionEmbeddings));
        Assert.InRange(found.DiskBytes, 5000, 5100);
    }

    [Fact]
    public void Folders_of_the_configuration_are_models_or_hold_models_and_what_cannot_be_loaded_says_why()
    {
        Fill(Path.Combine(folder.FullName, "all", "good"));
        var pickle = Path.Combine(folder.FullName, "all", "pickle");
        Fill(pickle);
        File.Delete(Path.Combine(pickle, "model.safetensors"));
        File.WriteAllText(Path.Combine(pickle, "pytorch_model.bin"), "a pickle");
        Directory.CreateDirectory(Path.Combine(folder.FullName, "all", "of something else"));
        var found = Scan(Path.Combine(folder.FullName, "all"), Path.Combine(folder.FullName, "gone")).Where(model => model.Source == ModelSource.Folder).ToList();
        Assert.Equal(["good", "pickle", Path.Combine(folder.FullName, "gone")], found.Select(model => model.Id));
        Assert.Equal([ModelCondition.Here, ModelCondition.Refused, ModelCondition.Refused], found.Select(model => model.Condition));
        Assert.Contains("pickle, which can run code", found[1].Problem, StringComparison.Ordinal);
        Assert.Contains("no such folder", found[2].Problem, StringComparison.Ordinal);
        Assert.Equal("good", Assert.Single(Scan(Path.Combine(folder.FullName, "all", "good")), model => model.Source == ModelSource.Folder).Id);
    }

    private IReadOnlyList<LibraryModel> Scan(params string[] folders) =>
        new LocalModels(new() { Folders = folders }, new(new("http://127.0.0.1:1/"), Cache)).Scan();

    private void Refer(string name)
    {
        Directory.CreateDirectory(Path.Combine(Cache, "models--" + name, "refs"));
        File.WriteAllText(Path.Combine(Cache, "models--" + name, "refs", "main"), Commit);
    }

    private static void Fill(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(ModelFolder.BundledPath))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }
}
