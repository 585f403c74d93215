using System.Text;
using Kl3m.Playground.Lessons;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Tests.Lessons;

public sealed class LessonBookTests
{
    private const string Good = """
        {
          "title": "T", "summary": "S", "minutes": 5,
          "steps": [
            {
              "title": "One",
              "text": ["Hello"],
              "settings": { "temperature": 0.5 },
              "task": "Do it.",
              "check": { "kind": "measure", "all": [{ "of": "runs", "at_least": 1 }] }
            }
          ]
        }
        """;

    [Fact]
    public void All_shipped_lessons_can_be_read_and_each_has_something_to_do()
    {
        var files = new LessonBook(Options.Create(new LessonsOptions())).All();
        Assert.Equal(8, files.Count);
        Assert.All(files, file => Assert.Null(file.Error));
        Assert.All(files, file => Assert.All(file.Lesson!.Steps, step => Assert.NotNull(step.Check)));
    }

    [Fact]
    public void Prepared_runs_are_whole_receipts_of_the_step_that_shows_them()
    {
        var book = new LessonBook(Options.Create(new LessonsOptions()));
        var steps = book.All().SelectMany(file => file.Lesson!.Steps).Where(step => step.Prepared is not null).ToList();
        Assert.Equal(2, steps.Count);
        Assert.All(steps, step => Assert.Equal(step.Prompt, book.Receipt(step.Prepared!).Runs[0].Prompt));
        Assert.Throws<FileNotFoundException>(() => book.Receipt("../../appsettings.json"));
    }

    [Fact]
    public void A_good_lesson_is_read() => Assert.Equal(0.5f, Read(Good).Lesson!.Steps[0].Settings!.Temperature);

    [Theory]
    [InlineData("\"temperature\": 0.5", "\"temprature\": 0.5", 7)]
    [InlineData("\"temperature\": 0.5", "\"temperature\": -3", 7)]
    [InlineData("\"temperature\": 0.5", "\"temperature\": \"hot\"", 7)]
    [InlineData("\"text\": [\"Hello\"],", "\"text\": [\"\"],", 6)]
    [InlineData("\"text\": [\"Hello\"],", "\"text\": \"Hello\",", 6)]
    [InlineData("\"of\": \"runs\"", "\"of\": \"happiness\"", 9)]
    [InlineData("\"at_least\": 1", "\"at_lest\": 1", 9)]
    [InlineData("\"task\": \"Do it.\",", "", 9)]
    [InlineData("\"kind\": \"measure\"", "\"kind\": \"magic\"", 9)]
    [InlineData("\"kind\": \"measure\",", "", 9)]
    [InlineData("\"title\": \"One\",", "\"title\": \"One\"", 6)]
    [InlineData("\"minutes\": 5,", "\"minutes\": 5000,", 2)]
    public void A_broken_file_is_told_with_its_line(string good, string broken, int line)
    {
        var file = Read(Good.Replace(good, broken, StringComparison.Ordinal));
        Assert.Null(file.Lesson);
        Assert.Contains($"own.json, line {line}:", file.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Kl3m.", file.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_that_is_missing_is_named() =>
        Assert.Contains("summary", Read(Good.Replace("\"summary\": \"S\",", "", StringComparison.Ordinal)).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("\u0000\u0001")]
    [InlineData("{\"title\":null}")]
    public void Anything_at_all_gives_an_error_and_no_exception(string text) => Assert.NotNull(Read(text).Error);

    [Fact]
    public void A_teachers_folder_adds_lessons_and_stands_in_for_shipped_ones()
    {
        var folder = Directory.CreateTempSubdirectory("lessons");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "own.json"), Good);
            File.WriteAllText(Path.Combine(folder.FullName, "temperature.json"), Good);
            File.WriteAllText(Path.Combine(folder.FullName, "broken.json"), "{");
            var book = new LessonBook(Options.Create(new LessonsOptions { Folder = folder.FullName }));
            Assert.Equal(10, book.All().Count);
            Assert.Equal("T", book.Find("temperature")!.Lesson!.Title);
            Assert.NotNull(book.Find("broken")!.Error);
            File.WriteAllText(Path.Combine(folder.FullName, "broken.json"), Good);
            File.SetLastWriteTimeUtc(Path.Combine(folder.FullName, "broken.json"), DateTime.UtcNow.AddMinutes(1));
            Assert.NotNull(book.Find("broken")!.Lesson);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_folder_that_is_not_there_is_said()
    {
        var book = new LessonBook(Options.Create(new LessonsOptions { Folder = "/no/such/folder" }));
        Assert.Contains(book.All(), file => file.Error?.Contains("Lessons:Folder", StringComparison.Ordinal) == true);
    }

    private static LessonFile Read(string json) => LessonBook.Parse("own", "own.json", Encoding.UTF8.GetBytes(json));
}
