using Kl3m.Playground.Classroom;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Tests.Classroom;

public sealed class PresentingTests
{
    [Fact]
    public async Task What_the_teacher_does_on_the_playground_is_what_the_class_sees_and_the_engine_works_once()
    {
        using var rooms = new TestClass();
        var playground = rooms.Playground();
        var teacher = rooms.Visit(playground);
        teacher.Open();
        var room = teacher.Room!;
        var students = Enumerable.Range(0, 30).Select(_ => rooms.Join(room).Student).ToList();
        teacher.StartPresenting();
        playground.Type("The Tenant shall ");
        await playground.GenerateAsync();
        playground.Select(new SelectedToken(0, 3));
        Assert.All(students, student =>
        {
            var scene = Assert.IsType<PresentationScene>(student.Room!.State.Scene);
            Assert.Equal(("The Tenant shall ", new SelectedToken(0, 3)), (scene.Prompt, scene.Spotlight));
            Assert.Same(playground.Run, student.Room.Run);
        });
        Assert.Equal(RunStatus.Done, room.Run!.Status);
    }

    [Fact]
    public void A_student_takes_over_prompt_and_settings_and_what_they_do_then_stays_with_them()
    {
        using var rooms = new TestClass();
        var playground = rooms.Playground();
        var teacher = rooms.Visit(playground);
        teacher.Open();
        playground.Type("Shared beginning ");
        playground.Change(sampling => sampling with { Temperature = 1.3f, Seed = 77 });
        teacher.StartPresenting();
        var desk = rooms.Playground();
        var student = rooms.Visit(desk);
        student.Join(teacher.Room!.Code, null);
        student.TakeOver();
        Assert.Equal(("Shared beginning ", 1.3f, 77UL), (desk.Prompt, desk.Sampling.Temperature, desk.Sampling.Seed!.Value));
        desk.Type("My own");
        Assert.Equal("Shared beginning ", ((PresentationScene)teacher.Room.State.Scene!).Prompt);
    }

    [Fact]
    public async Task A_question_can_be_asked_at_any_token_of_the_text()
    {
        using var rooms = new TestClass();
        var playground = rooms.Playground();
        var teacher = rooms.Visit(playground);
        teacher.Open();
        teacher.SkipSpaces = false;
        playground.Type("The ");
        await playground.GenerateAsync();
        playground.Select(new SelectedToken(1, 5));
        await teacher.AskAtSelectedAsync();
        var question = Assert.IsType<QuestionScene>(teacher.Room!.State.Scene);
        Assert.Equal(playground.Run!.Sequences[1].Tokens.Take(5).Select(token => token.Score.TokenId), question.Place.CompletionTokenIds);
    }

    [Fact]
    public void A_reload_brings_everybody_back_to_where_they_were()
    {
        using var rooms = new TestClass();
        var (teacher, room, teachersKey) = rooms.Open();
        var (student, key) = rooms.Join(room, "Ada");
        teacher.Do(new ShowLesson("temperature", 2));
        var id = student.Me!.Id;
        Assert.True(room.IsPresent(id));
        teacher.Dispose();
        student.Dispose();
        Assert.False(room.IsPresent(id));
        var (back, headed) = (rooms.Visit(), rooms.Visit());
        Assert.True(back.Return(room.Code, key));
        Assert.True(headed.Return(room.Code, teachersKey));
        Assert.Equal(("Ada", id), (back.Me!.Name, back.Me.Id));
        Assert.True(room.IsPresent(id));
        Assert.True(headed.IsTeacher);
        Assert.Equal(2, ((LessonScene)back.Room!.State.Scene!).Step);
    }

    [Fact]
    public void A_lost_line_is_seen_at_once_and_a_second_tab_keeps_its_owner_here()
    {
        using var rooms = new TestClass();
        var (_, room, _) = rooms.Open();
        var (student, key) = rooms.Join(room);
        var tab = rooms.Visit();
        tab.Return(room.Code, key);
        student.SetConnected(false);
        Assert.True(room.IsPresent(tab.Me!.Id));
        tab.SetConnected(false);
        Assert.False(room.IsPresent(tab.Me.Id));
        tab.SetConnected(true);
        Assert.True(room.IsPresent(tab.Me.Id));
    }
}
